/** When a model's changes go to the kernel, and which echoes come back too late. */
import { JsonObject } from '../../core/protocol';

/**
 * Keeps at most one update in flight, as the reference implementation does.
 *
 * Changes made meanwhile wait until the kernel is idle again for the one in flight, and go out together.
 */
export class Sync {
  /** `send` puts a state on the wire and gives the message's id. */
  constructor(private readonly _send: (state: JsonObject) => string) {}

  /** Send `state` now, or with the next message. */
  push(state: JsonObject): void {
    if (this._pending !== null) {
      this._waiting = { ...this._waiting, ...state };
      return;
    }
    this._flush(state);
  }

  /** The kernel is idle after the message `id`. */
  idle(id: string): void {
    if (this._pending !== id) {
      return;
    }
    this._pending = null;
    // An echo comes before the idle status, or never.
    this._expected.forEach((expected, key) => expected === id && this._expected.delete(key));
    if (this._waiting !== null) {
      const state = this._waiting;
      this._waiting = null;
      this._flush(state);
    }
  }

  /** The values that were sent or wait to be sent, and have not come back. */
  underway(): string[] {
    return [...this._expected.keys(), ...Object.keys(this._waiting ?? {})];
  }

  /** Drop from an echoed `state` the values that are older than what this side has set. */
  filterEcho(state: JsonObject, id: string): JsonObject {
    const fresh: JsonObject = {};
    for (const [key, value] of Object.entries(state)) {
      const expected = this._expected.get(key);
      if (expected === undefined) {
        fresh[key] = value;
      } else if (expected === id) {
        this._expected.delete(key);
        if (this._waiting === null || !(key in this._waiting)) {
          fresh[key] = value;
        }
      }
    }
    return fresh;
  }

  /** Forget what was in flight: the kernel restarted or its state was read again. */
  reset(): void {
    this._pending = null;
    this._waiting = null;
    this._expected.clear();
  }

  private _flush(state: JsonObject): void {
    const id = this._send(state);
    this._pending = id;
    for (const key of Object.keys(state)) {
      this._expected.set(key, id);
    }
  }

  private _pending: string | null = null;
  private _waiting: JsonObject | null = null;
  private readonly _expected = new Map<string, string>();
}
