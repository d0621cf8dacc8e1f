/** One widget model: a state shared with the kernel. */
import { IModelState, JsonObject } from '../../core/protocol';
import { isEqual, putBuffers, removeBuffers, toBuffer } from './buffers';
import { Sync } from './sync';

/** What a model sends through. */
export interface IModelWire {
  /** Send widget protocol data to the kernel side; give the message's id. */
  send(commId: string, data: JsonObject, buffers: ArrayBuffer[]): string;
}

/** A listener; its arguments depend on the event. */
export type Listener = (...args: unknown[]) => void;

/** A widget's state with change events, in the manner of ipywidgets. */
export class WidgetModel {
  /** The model class. */
  readonly name: string;
  /** The package of the model class. */
  readonly module: string;

  constructor(
    /** The comm id, which is also the model id. */
    readonly id: string,
    source: IModelState,
    private readonly _wire: IModelWire
  ) {
    this.name = source.model_name;
    this.module = source.model_module;
    this._state = { ...source.state };
    putBuffers(this._state, source.buffer_paths ?? [], source.buffers ?? []);
    this._sync = new Sync(state => {
      const parts = removeBuffers(state);
      const data = { method: 'update', state: parts.state, buffer_paths: parts.buffer_paths };
      return this._wire.send(this.id, data, parts.buffers);
    });
  }

  /** The view class, or `null` for a model that has no view. */
  get view(): string | null {
    return (this._state._view_name as string | null) ?? null;
  }

  /** Read a value. */
  get(key: string): unknown {
    return this._state[key];
  }

  /** Read a value as text. */
  str(key: string): string {
    const value = this._state[key];
    return value == null ? '' : String(value);
  }

  /** Read a value as a finite number. */
  num(key: string, fallback = 0): number {
    const value = Number(this._state[key] ?? fallback);
    return Number.isFinite(value) ? value : fallback;
  }

  /** Read a value as a truth. */
  is(key: string): boolean {
    return Boolean(this._state[key]);
  }

  /** Read a value as a list. */
  list(key: string): unknown[] {
    const value = this._state[key];
    return Array.isArray(value) ? value : [];
  }

  /** Change values on this side; `save` tells the kernel. */
  set(changes: JsonObject): void {
    const changed = this._apply(changes);
    for (const key of changed) {
      this._dirty[key] = this._state[key];
    }
    this._announce(changed);
  }

  /** Tell the kernel what `set` has changed. */
  save(): void {
    if (Object.keys(this._dirty).length > 0) {
      const state = this._dirty;
      this._dirty = {};
      this._sync.push(state);
    }
  }

  /** Change values and tell the kernel. */
  put(changes: JsonObject): void {
    this.set(changes);
    this.save();
  }

  /** Send a custom message to the kernel side; give its id. */
  send(content: unknown, buffers: unknown[] = []): string {
    const binary = buffers.map(toBuffer).filter(buffer => buffer !== null);
    return this._wire.send(this.id, { method: 'custom', content }, binary);
  }

  /** Take a message of the kernel side. */
  receive(data: JsonObject, buffers: ArrayBuffer[], parentId: string): void {
    if (data.method === 'custom') {
      this.trigger(
        'msg:custom',
        data.content,
        buffers.map(buffer => new DataView(buffer))
      );
    } else if (data.method === 'update' || data.method === 'echo_update') {
      let state = { ...(data.state as JsonObject) };
      putBuffers(state, (data.buffer_paths as (string | number)[][]) ?? [], buffers);
      if (data.method === 'echo_update') {
        state = this._sync.filterEcho(state, parentId);
        // Set here but not sent yet: newer than any echo.
        Object.keys(this._dirty).forEach(key => delete state[key]);
      }
      this._announce(this._apply(state));
    }
  }

  /** Take a whole state that was read again from the kernel. */
  reload(source: IModelState): void {
    const state = { ...source.state };
    putBuffers(state, source.buffer_paths ?? [], source.buffers ?? []);
    // What is on its way to the kernel is newer than what the kernel said.
    [...Object.keys(this._dirty), ...this._sync.underway()].forEach(key => delete state[key]);
    this._announce(this._apply(state));
  }

  /** The kernel is idle after the message `id`. */
  idle(id: string): void {
    this._sync.idle(id);
  }

  /** Forget messages in flight. */
  resetSync(): void {
    this._sync.reset();
  }

  /** Listen to `change`, `change:<key>`, `msg:custom` or `destroy`; the result stops it. */
  on(event: string, listener: Listener): () => void {
    const listeners = this._listeners.get(event) ?? new Set();
    listeners.add(listener);
    this._listeners.set(event, listeners);
    return () => this.off(event, listener);
  }

  /** Stop listening. */
  off(event: string, listener: Listener): void {
    this._listeners.get(event)?.delete(listener);
  }

  /** Call the listeners of `event`; one that throws does not stop the others. */
  trigger(event: string, ...args: unknown[]): void {
    for (const listener of [...(this._listeners.get(event) ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        console.error(error);
      }
    }
  }

  private _apply(changes: JsonObject): string[] {
    const changed = Object.keys(changes).filter(key => !isEqual(changes[key], this._state[key]));
    for (const key of changed) {
      this._state[key] = changes[key];
    }
    return changed;
  }

  private _announce(changed: string[]): void {
    for (const key of changed) {
      this.trigger(`change:${key}`, this, this._state[key]);
    }
    if (changed.length > 0) {
      this.trigger('change', this, changed);
    }
  }

  private _state: JsonObject;
  private _dirty: JsonObject = {};
  private readonly _sync: Sync;
  private readonly _listeners = new Map<string, Set<Listener>>();
}
