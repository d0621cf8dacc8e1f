/** Whether a notebook's code is still what its kernel ran. */
import { ISessionContext } from '@jupyterlab/apputils';
import { INotebookModel } from '@jupyterlab/notebook';
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';

/** How long to wait after a change before looking, in ms: people type in bursts. */
const PAUSE = 150;

/** The parts of a session that a drift watches. */
export type IWatchedSession = Pick<
  ISessionContext,
  'iopubMessage' | 'kernelChanged' | 'statusChanged'
>;

/** Remembers what a kernel ran, from when it came, and compares it with the cells. */
export class CodeDrift implements IDisposable {
  constructor(
    private readonly _model: INotebookModel,
    session: IWatchedSession
  ) {
    session.iopubMessage.connect(this._onMessage, this);
    session.kernelChanged.connect(this.rebase, this);
    session.statusChanged.connect(this._onStatus, this);
    _model.contentChanged.connect(this._schedule, this);
    this.rebase();
  }

  /** Whether some cell holds code that the kernel has not run. */
  get isChanged(): boolean {
    return this._isChanged;
  }

  /** `isChanged` changed. */
  get changed(): ISignal<this, boolean> {
    return this._changed;
  }

  /** Whether the drift is over. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Take the code as it is now for what the kernel ran. */
  rebase(): void {
    this._ran = new Set(this._sources());
    this._look();
  }

  /** Stop. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      clearTimeout(this._timer);
      Signal.disconnectReceiver(this);
      Signal.clearData(this);
    }
  }

  private _onMessage(_: unknown, message: KernelMessage.IMessage): void {
    if (KernelMessage.isExecuteInputMsg(message as KernelMessage.IIOPubMessage)) {
      this._ran.add((message as KernelMessage.IExecuteInputMsg).content.code);
      this._schedule();
    }
  }

  private _onStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting') {
      this.rebase();
    }
  }

  private _schedule(): void {
    if (this._timer === undefined && !this._isDisposed) {
      this._timer = setTimeout(() => {
        this._timer = undefined;
        this._look();
      }, PAUSE);
    }
  }

  private _look(): void {
    const isChanged = this._sources().some(source => !this._ran.has(source));
    if (isChanged !== this._isChanged) {
      this._isChanged = isChanged;
      this._changed.emit(isChanged);
    }
  }

  /** The code of each cell that has any. */
  private _sources(): string[] {
    return Array.from(this._model.cells)
      .filter(cell => cell.type === 'code')
      .map(cell => cell.sharedModel.getSource())
      .filter(source => source.trim() !== '');
  }

  private _ran = new Set<string>();
  private _isChanged = false;
  private _isDisposed = false;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _changed = new Signal<this, boolean>(this);
}
