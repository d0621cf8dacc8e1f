/** Output widgets: which outputs of the kernel belong to them, and what they hold. */
import { IKernelOutputMessage, IOutput, JsonObject } from '../../core/protocol';
import type { WidgetModel } from './model';

/** Add an output message to a list of outputs, as nbformat keeps it; gives a new list. */
export function addOutput(outputs: IOutput[], type: string, content: JsonObject): IOutput[] {
  if (type === 'stream') {
    const last = outputs[outputs.length - 1];
    if (last?.output_type === 'stream' && last.name === content.name) {
      const joined = [last.text, content.text].flat().join('');
      return [...outputs.slice(0, -1), { ...last, text: joined }];
    }
  }
  return [...outputs, { output_type: type, ...content } as IOutput];
}

/** Replace every output that shows `display_id`; `null` when none does. */
export function updateDisplay(outputs: IOutput[], content: JsonObject): IOutput[] | null {
  const id = (content.transient as JsonObject | undefined)?.display_id;
  if (id == null || !outputs.some(output => output.transient?.display_id === id)) {
    return null;
  }
  return outputs.map(output =>
    output.transient?.display_id === id
      ? ({ ...output, data: content.data, metadata: content.metadata } as IOutput)
      : output
  );
}

interface ICaptured {
  model: WidgetModel;
  msgId: string;
  clearNext: boolean;
  dirty: boolean;
}

/** Gives each output of the kernel to the Output widget that waits for its parent message. */
export class OutputCapture {
  /** Follow an Output model. */
  watch(model: WidgetModel): void {
    const entry: ICaptured = { model, msgId: model.str('msg_id'), clearNext: false, dirty: false };
    this._entries.push(entry);
    model.on('change:msg_id', () => {
      this._save(entry);
      entry.msgId = model.str('msg_id');
      // The latest one to ask for a message gets it: `with a: with b:` prints into b.
      this._entries = [...this._entries.filter(other => other !== entry), entry];
    });
    model.on('destroy', () => {
      this._entries = this._entries.filter(other => other !== entry);
    });
  }

  /** Take an output message; gives whether an Output widget took it. */
  take(message: IKernelOutputMessage): boolean {
    if (message.msg_type === 'update_display_data') {
      return this._update(message.content);
    }
    for (let index = this._entries.length - 1; index >= 0; index--) {
      const entry = this._entries[index];
      if (entry.msgId !== '' && entry.msgId === message.parent_id) {
        this._add(entry, message);
        return true;
      }
    }
    return false;
  }

  /** Write back what was captured, now that the kernel is idle after `id`. */
  idle(id: string): void {
    this._entries
      .filter(entry => entry.dirty && entry.msgId === id)
      .forEach(entry => this._save(entry));
  }

  private _add(entry: ICaptured, message: IKernelOutputMessage): void {
    if (message.msg_type === 'clear_output') {
      entry.clearNext = message.content.wait === true;
      if (!entry.clearNext) {
        this._set(entry, []);
      }
      return;
    }
    const outputs = entry.clearNext ? [] : (entry.model.list('outputs') as IOutput[]);
    entry.clearNext = false;
    this._set(entry, addOutput(outputs, message.msg_type, message.content));
  }

  private _update(content: JsonObject): boolean {
    let found = false;
    for (const entry of this._entries) {
      const outputs = updateDisplay(entry.model.list('outputs') as IOutput[], content);
      if (outputs !== null) {
        found = true;
        this._set(entry, outputs);
      }
    }
    return found;
  }

  private _set(entry: ICaptured, outputs: IOutput[]): void {
    entry.model.set({ outputs });
    entry.dirty = true;
    // One write for a burst of prints; `idle` and a new `msg_id` write at once.
    clearTimeout(this._timers.get(entry));
    this._timers.set(
      entry,
      setTimeout(() => this._save(entry), 150)
    );
  }

  private _save(entry: ICaptured): void {
    clearTimeout(this._timers.get(entry));
    if (entry.dirty) {
      entry.dirty = false;
      entry.model.save();
    }
  }

  private _entries: ICaptured[] = [];
  private readonly _timers = new WeakMap<ICaptured, ReturnType<typeof setTimeout>>();
}
