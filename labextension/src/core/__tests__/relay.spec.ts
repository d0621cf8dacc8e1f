import { Kernel, KernelMessage } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientMessage, HostMessage, ICell } from '../protocol';
import { AppRelay } from '../relay';
import { IAppSource } from '../source';

const THEME = { dark: false, vars: {} };
const CELL: ICell = { id: 'a', role: 'app', cell_type: 'code', outputs: [] };

class FakeSource implements IAppSource {
  cells = [CELL];
  readonly changed = new Signal<this, ICell[] | null>(this);
}

/** A kernel that keeps what it is sent and says what a test wants. */
class FakeKernel {
  readonly clientId = 'client';
  readonly username = '';
  status: Kernel.Status = 'idle';
  info: Promise<unknown> = Promise.resolve({});
  readonly iopubMessage = new Signal<this, KernelMessage.IIOPubMessage>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly sent: KernelMessage.IShellMessage[] = [];
  comms: Record<string, { target_name: string }> = {};

  sendShellMessage(message: KernelMessage.IShellMessage): void {
    this.sent.push(message);
  }

  requestCommInfo(): Promise<unknown> {
    return Promise.resolve({ content: { status: 'ok', comms: this.comms } });
  }

  say(msg_type: string, content: unknown, parent = 'p', buffers: ArrayBuffer[] = []): void {
    const message = { header: { msg_type }, parent_header: { msg_id: parent }, content, buffers };
    this.iopubMessage.emit(message as unknown as KernelMessage.IIOPubMessage);
  }

  /** Answer the last `request_states`. */
  answer(
    states: Record<string, unknown>,
    paths: unknown[] = [],
    buffers: ArrayBuffer[] = []
  ): void {
    const request = this.sent.filter(message => message.header.msg_type === 'comm_open').pop();
    const comm_id = (request?.content as { comm_id: string }).comm_id;
    const data = { method: 'update_states', states, buffer_paths: paths };
    this.say('comm_msg', { comm_id, data }, 'p', buffers);
  }
}

/** The client's end of a channel. */
class FakePort {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly got: HostMessage[] = [];
  postMessage(message: HostMessage): void {
    this.got.push(message);
  }
  close(): void {
    this.onmessage = null;
  }
  say(message: ClientMessage | Record<string, unknown>): void {
    this.onmessage?.({ data: message });
  }
  types(): string[] {
    return this.got.map(message => message.type);
  }
}

const SLIDER = { model_name: 'M', model_module: 'm', state: { value: 1 } };

describe('AppRelay', () => {
  let source: FakeSource;
  let kernel: FakeKernel;
  let port: FakePort;
  let relay: AppRelay;

  beforeEach(async () => {
    vi.useFakeTimers();
    source = new FakeSource();
    kernel = new FakeKernel();
    port = new FakePort();
    relay = new AppRelay({
      source,
      theme: THEME,
      init: { title: 'T', description: '', layout: 'column', strings: {} },
      load: name =>
        name === 'appview' || name === 'chart' ? Promise.resolve(`//${name}`) : Promise.reject()
    });
    relay.kernel = kernel as unknown as Kernel.IKernelConnection;
    relay.attach(port as unknown as MessagePort);
    await vi.advanceTimersByTimeAsync(0);
  });

  afterEach(() => {
    relay.dispose();
    vi.useRealTimers();
  });

  const ready = async (): Promise<void> => {
    port.say({ type: 'ready' });
    await vi.advanceTimersByTimeAsync(0);
  };

  const start = async (): Promise<void> => {
    await ready();
    kernel.answer({ w: SLIDER });
  };

  it('starts the client, then gives states before the cells that show them', async () => {
    expect(port.got).toEqual([
      {
        type: 'init',
        title: 'T',
        description: '',
        layout: 'column',
        strings: {},
        theme: THEME,
        source: { appview: '//appview' }
      }
    ]);
    await ready();
    expect(kernel.sent.map(message => message.header.msg_type)).toEqual(['comm_open', 'comm_msg']);
    expect(kernel.sent[0].metadata).toEqual({ version: '1.1.0' });
    kernel.answer({ w: SLIDER });
    expect(port.types()).toEqual(['init', 'status', 'models', 'outputs']);
    expect(port.got[3]).toEqual({ type: 'outputs', cells: [CELL] });
    expect(kernel.sent.map(message => message.header.msg_type)).toContain('comm_close');
  });

  it('sorts buffers to their models', async () => {
    await ready();
    const bytes = new Uint8Array([5]).buffer;
    kernel.answer({ w: SLIDER }, [['w', 'state', 'value']], [bytes]);
    expect(port.got[2]).toMatchObject({ states: { w: { buffer_paths: [['value']] } } });
  });

  it('shows the last outputs of a kernel that is too busy to answer', async () => {
    await ready();
    await vi.advanceTimersByTimeAsync(1500);
    expect(port.types()).toEqual(['init', 'status', 'outputs']);
    kernel.answer({ w: SLIDER });
    expect(port.types()).toEqual(['init', 'status', 'outputs', 'models', 'outputs']);
  });

  it('asks again for states that never come, ever more seldom', async () => {
    await ready();
    const opens = (): number =>
      kernel.sent.filter(message => message.header.msg_type === 'comm_open').length;
    await vi.advanceTimersByTimeAsync(1500);
    expect(opens()).toBe(2);
    await vi.advanceTimersByTimeAsync(2999);
    expect(opens()).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(opens()).toBe(3);
    kernel.answer({ w: SLIDER });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(opens()).toBe(3);
    expect(port.types().slice(-2)).toEqual(['models', 'outputs']);
  });

  it('asks nothing before the kernel gave its first answer, unless it never does', async () => {
    let know = (_: unknown): void => undefined;
    kernel.info = new Promise(resolve => (know = resolve));
    await ready();
    expect(kernel.sent).toEqual([]);
    know({});
    await vi.advanceTimersByTimeAsync(0);
    expect(kernel.sent).toHaveLength(2);
    kernel.sent.length = 0;
    kernel.info = new Promise(() => undefined);
    relay.synchronize();
    await vi.advanceTimersByTimeAsync(1000);
    expect(kernel.sent).toHaveLength(2);
  });

  it('gives a client that was still loading what the kernel said meanwhile', async () => {
    kernel.say('comm_open', { comm_id: 'o', target_name: 'jupyter.widget', data: { state: {} } });
    kernel.say('stream', { name: 'stdout', text: 'x' }, 'q');
    await ready();
    kernel.answer({ o: SLIDER });
    expect(port.types()).toEqual(['init', 'status', 'comm_open', 'output', 'models', 'outputs']);
  });

  it('forgets a backlog that is too long', async () => {
    for (let index = 0; index < 5001; index++) {
      kernel.say('stream', { name: 'stdout', text: 'x' }, 'q');
    }
    await start();
    expect(port.types()).toEqual(['init', 'status', 'models', 'outputs']);
  });

  it('takes a kernel without widgets for what it is', async () => {
    await ready();
    const comm_id = (kernel.sent[0].content as { comm_id: string }).comm_id;
    kernel.say('comm_close', { comm_id, data: {} });
    expect(port.got[2]).toEqual({ type: 'models', states: {} });
  });

  it('sends what a client may say, under the id the client chose', async () => {
    await start();
    kernel.sent.length = 0;
    const id = 'f'.repeat(32);
    const data = { method: 'update', state: { value: 2 }, buffer_paths: [] } as const;
    port.say({ type: 'comm_msg', comm_id: 'w', data: { ...data }, buffers: [], id });
    expect(kernel.sent).toHaveLength(1);
    expect(kernel.sent[0].header).toMatchObject({ msg_id: id, msg_type: 'comm_msg' });
    expect(kernel.sent[0].content).toEqual({ comm_id: 'w', data });
  });

  it.each([
    [
      'an unknown widget',
      {
        type: 'comm_msg',
        comm_id: 'x',
        data: { method: 'custom' },
        buffers: [],
        id: '1'.repeat(32)
      }
    ],
    [
      'its control comm',
      {
        type: 'comm_msg',
        comm_id: 'CONTROL',
        data: { method: 'request_states' },
        buffers: [],
        id: '2'.repeat(32)
      }
    ],
    ['a comm_open', { type: 'comm_open', comm_id: 'w', target_name: 'jupyter.widget', data: {} }],
    ['an execute request', { type: 'execute_request', code: '1' }],
    [
      'new code',
      {
        type: 'comm_msg',
        comm_id: 'w',
        data: { method: 'update', state: { _esm: '' } },
        buffers: [],
        id: '3'.repeat(32)
      }
    ]
  ])('refuses %s', async (_name, message) => {
    await start();
    kernel.sent.length = 0;
    const refused = vi.fn();
    relay.refused.connect(refused);
    port.say(message);
    expect(kernel.sent).toEqual([]);
    expect(refused).toHaveBeenCalledTimes(1);
  });

  it('refuses a message id that was used before, and a widget that was closed', async () => {
    await start();
    kernel.sent.length = 0;
    const message = {
      type: 'comm_msg',
      comm_id: 'w',
      data: { method: 'custom', content: 1 },
      buffers: [],
      id: '4'.repeat(32)
    };
    port.say(message);
    port.say(message);
    kernel.say('comm_close', { comm_id: 'w', data: {} });
    port.say({ ...message, id: '5'.repeat(32) });
    expect(kernel.sent).toHaveLength(1);
  });

  it('passes on widget comms, outputs and status with their parents, and no other comm', async () => {
    await start();
    port.got.length = 0;
    kernel.say('comm_open', { comm_id: 'n', target_name: 'jupyter.widget', data: { state: {} } });
    kernel.say('comm_open', { comm_id: 'e', target_name: 'evil', data: {} });
    kernel.say('comm_msg', { comm_id: 'e', data: {} });
    kernel.say('comm_msg', { comm_id: 'n', data: { method: 'update', state: {} } });
    kernel.say('stream', { name: 'stdout', text: 'x' }, 'q');
    kernel.say('status', { execution_state: 'idle' }, 'q');
    kernel.say('execute_input', { code: 'secret' }, 'q');
    expect(port.got).toMatchObject([
      { type: 'comm_open', comm_id: 'n' },
      { type: 'comm_msg', comm_id: 'n' },
      { type: 'output', msg_type: 'stream', parent_id: 'q' },
      { type: 'status', state: 'idle', parent_id: 'q' }
    ]);
  });

  it('finds widgets that ipywidgets does not know', async () => {
    kernel.comms = {
      w: { target_name: 'jupyter.widget' },
      other: { target_name: 'jupyter.widget' }
    };
    await start();
    await vi.advanceTimersByTimeAsync(0);
    expect(kernel.sent.at(-1)?.content).toEqual({
      comm_id: 'other',
      data: { method: 'request_state' }
    });
    const state = { _model_module: 'anywidget', _esm: '' };
    kernel.say('comm_msg', { comm_id: 'other', data: { method: 'update', state } });
    expect(port.got.at(-1)).toMatchObject({ type: 'comm_open', comm_id: 'other', data: { state } });
  });

  it('tells of changed cells, of colours and of the end', async () => {
    await start();
    port.got.length = 0;
    source.changed.emit([CELL]);
    source.changed.emit(null);
    relay.setTheme({ dark: true, vars: {} });
    relay.kernel = null;
    relay.setStatus('failed', 'why');
    expect(port.got).toMatchObject([
      { type: 'outputs', partial: true },
      { type: 'outputs', partial: false },
      { type: 'theme', dark: true },
      { type: 'status', state: 'stopped' },
      { type: 'outputs' },
      { type: 'status', state: 'failed', detail: 'why' }
    ]);
  });

  it('reads the states again after a restart', async () => {
    await start();
    kernel.statusChanged.emit('restarting');
    kernel.say('status', { execution_state: 'idle' }, 'r');
    await vi.advanceTimersByTimeAsync(0);
    const opens = kernel.sent.filter(message => message.header.msg_type === 'comm_open');
    expect(opens).toHaveLength(2);
  });

  it('gives modules, and reports, and says when none comes', async () => {
    await start();
    port.say({ type: 'need', name: 'chart' });
    await vi.advanceTimersByTimeAsync(0);
    expect(port.got.at(-1)).toEqual({ type: 'module', name: 'chart', source: '//chart' });
    const answer = relay.inspect();
    const { id } = port.got.at(-1) as { id: string };
    port.say({ type: 'report', id, report: { cells: 2 } });
    expect((await answer).cells).toBe(2);
    const silence = relay.inspect(10).catch(String);
    await vi.advanceTimersByTimeAsync(20);
    expect(await silence).toContain('did not answer');
  });

  it('serves a client that loaded again, and forgets the one before', async () => {
    await start();
    const next = new FakePort();
    relay.attach(next as unknown as MessagePort);
    await vi.advanceTimersByTimeAsync(0);
    port.got.length = 0;
    next.say({ type: 'ready' });
    await vi.advanceTimersByTimeAsync(0);
    kernel.answer({ w: SLIDER });
    expect(next.types()).toEqual(['init', 'status', 'models', 'outputs']);
    expect(port.got).toEqual([]);
  });
});
