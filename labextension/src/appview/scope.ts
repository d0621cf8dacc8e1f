/** Lifetimes: what a view must undo when it goes. */

/** Collects what must be undone; children end with their parent. */
export class Scope {
  /** Whether `dispose` was called. */
  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Run `undo` when the scope ends; at once when it has ended. */
  add(undo: () => void): void {
    if (this._disposed) {
      undo();
    } else {
      this._undos.add(undo);
    }
  }

  /** Make a scope that ends with this one, or before it. */
  child(): Scope {
    const child = new Scope();
    const end = (): void => child.dispose();
    this.add(end);
    child.add(() => this._undos.delete(end));
    return child;
  }

  /** End the scope, last undo first. */
  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    for (const undo of [...this._undos].reverse()) {
      undo();
    }
    this._undos.clear();
  }

  private _disposed = false;
  private readonly _undos = new Set<() => void>();
}
