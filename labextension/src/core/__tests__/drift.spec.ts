import { ISessionContext } from '@jupyterlab/apputils';
import { INotebookModel } from '@jupyterlab/notebook';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CodeDrift } from '../drift';

class FakeModel {
  sources = ['a = 1', 'b = 2'];
  readonly contentChanged = new Signal<this, void>(this);

  get cells(): unknown[] {
    const cells = this.sources.map(source => ({
      type: 'code',
      sharedModel: { getSource: () => source }
    }));
    return [{ type: 'markdown', sharedModel: { getSource: () => '# text' } }, ...cells];
  }

  write(index: number, source: string): void {
    this.sources[index] = source;
    this.contentChanged.emit();
    vi.runAllTimers();
  }
}

class FakeSession {
  readonly iopubMessage = new Signal<this, KernelMessage.IMessage>(this);
  readonly kernelChanged = new Signal<this, unknown>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);

  run(code: string): void {
    const header = { msg_type: 'execute_input' };
    this.iopubMessage.emit({ header, content: { code } } as KernelMessage.IMessage);
    vi.runAllTimers();
  }
}

let model: FakeModel;
let session: FakeSession;
let drift: CodeDrift;
beforeEach(() => {
  vi.useFakeTimers();
  model = new FakeModel();
  session = new FakeSession();
  drift = new CodeDrift(model as unknown as INotebookModel, session as unknown as ISessionContext);
});
afterEach(() => {
  drift.dispose();
  vi.useRealTimers();
});

describe('code that the kernel did not run', () => {
  it('is said, and taken back when it is undone', () => {
    const said: boolean[] = [];
    drift.changed.connect((_, isChanged) => said.push(isChanged));
    model.write(0, 'a = 3');
    model.write(0, 'a = 1');
    expect(said).toEqual([true, false]);
  });

  it('is none once the kernel has run it', () => {
    model.write(0, 'a = 3');
    session.run('a = 3');
    expect(drift.isChanged).toBe(false);
  });

  it('is none in a kernel that starts with it', () => {
    model.write(0, 'a = 3');
    session.statusChanged.emit('restarting');
    expect(drift.isChanged).toBe(false);
    model.write(1, 'b = 4');
    session.kernelChanged.emit(null);
    expect(drift.isChanged).toBe(false);
  });

  it('is none in an empty cell', () => {
    model.sources.push(' ');
    model.write(2, '  \n');
    expect(drift.isChanged).toBe(false);
  });

  it('is no longer looked for afterwards', () => {
    drift.dispose();
    model.write(0, 'a = 3');
    expect(drift.isChanged).toBe(false);
  });
});
