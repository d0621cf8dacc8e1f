/** One app's kernel session: start, stop, restart, and the truth about it. */
import { ISessionContext } from '@jupyterlab/apputils';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { INotebookModel, Notebook, NotebookActions } from '@jupyterlab/notebook';
import { Kernel, KernelManager, ServiceManager } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { PromiseDelegate, UUID } from '@lumino/coreutils';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { CodeDrift } from './drift';

/** How long the app view's connection, or Jupyter's own restart, may take, in ms. */
const PATIENCE = 3000;

/** What an app is doing. */
export interface ISessionState {
  /** In a word. */
  status: 'stopped' | 'starting' | 'running' | 'busy' | 'failed' | 'offline';
  /** Why it failed. */
  detail: string;
  /** Whether it runs other code than the notebook holds now. */
  isChanged: boolean;
}

/** The session of a notebook, seen as an app. */
export class AppSession implements IDisposable {
  constructor(
    private readonly _context: DocumentRegistry.IContext<INotebookModel>,
    private readonly _notebook: Notebook,
    private readonly _services: ServiceManager.IManager,
    private readonly _trans: TranslationBundle
  ) {
    const session = _context.sessionContext;
    const arrived = new PromiseDelegate<void>();
    this.hasKernel = arrived.promise;
    this._arrived = arrived;
    this._drift = new CodeDrift(_context.model, session);
    this._drift.changed.connect(this._update, this);
    void _context.ready.then(() => this._drift.rebase());
    session.kernelChanged.connect(this._onKernel, this);
    session.statusChanged.connect(this._onStatus, this);
    session.connectionStatusChanged.connect(this._update, this);
    this._onKernel();
    // Opening starts no kernel, running a cell does.
    void session.ready.then(() => {
      session.kernelPreference = { ...session.kernelPreference, shouldStart: true };
    });
  }

  /** Resolves when there is a kernel for the first time. */
  readonly hasKernel: Promise<void>;

  /** Start the kernel, as an ordinary notebook does when it opens. */
  async ensureKernel(): Promise<void> {
    const session = this._context.sessionContext;
    await session.ready;
    if (!session.session?.kernel) {
      await session.startKernel();
    }
  }

  /** The state changed. */
  get stateChanged(): ISignal<this, ISessionState> {
    return this._stateChanged;
  }

  /** The app view's own connection to the kernel changed. */
  get kernelChanged(): ISignal<this, Kernel.IKernelConnection | null> {
    return this._kernelChanged;
  }

  /** A connection that creates no widgets on this page; it belongs to the app view. */
  get kernel(): Kernel.IKernelConnection | null {
    return this._kernel;
  }

  /** What the app is doing now. */
  get state(): ISessionState {
    return this._state;
  }

  /** Whether the session is let go. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Start the kernel if there is none, and run every cell. */
  async start(): Promise<void> {
    await this._guarded(async () => {
      await this.ensureKernel();
      await this._run(this._context.sessionContext);
    });
  }

  /** Run every cell in a fresh kernel. */
  async restart(): Promise<void> {
    await this._guarded(async () => {
      const session = this._context.sessionContext;
      await restartedByItself(session);
      if (session.session?.kernel) {
        await session.restartKernel();
      } else {
        await session.startKernel();
      }
      await this._run(session);
    });
  }

  /** End the kernel. */
  async stop(): Promise<void> {
    this._attempt += 1;
    this._problem = '';
    await this._context.sessionContext.shutdown();
    this._isRunning = false;
    this._update();
  }

  /** Let go of the session; the kernel lives on. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      const session = this._context.sessionContext;
      session.kernelChanged.disconnect(this._onKernel, this);
      session.statusChanged.disconnect(this._onStatus, this);
      session.connectionStatusChanged.disconnect(this._update, this);
      this._drift.dispose();
      this._kernel?.dispose();
      Signal.clearData(this);
    }
  }

  /** Do something slow; what goes wrong is shown, and a newer wish wins. */
  private async _guarded(work: () => Promise<void>): Promise<void> {
    this._attempt += 1;
    const attempt = this._attempt;
    this._problem = '';
    this._isRunning = true;
    this._isFresh = false;
    this._update();
    try {
      await work();
    } catch (error) {
      if (attempt === this._attempt) {
        this._problem = error instanceof Error ? error.message : String(error);
      }
    }
    if (attempt === this._attempt) {
      this._isRunning = false;
      this._update();
    }
  }

  private async _run(session: ISessionContext): Promise<void> {
    // A request sent before the kernel answered its first question is silently lost.
    await session.session?.kernel?.info;
    // The app view's connection too, or it misses the first messages; after a crash it may never say.
    await Promise.race([this._kernel?.info, new Promise(resolve => setTimeout(resolve, PATIENCE))]);
    const attempt = this._attempt;
    const ok = await NotebookActions.runAll(this._notebook, session);
    if (attempt === this._attempt) {
      this._problem = ''; // what was said of the kernel before this one is over
    }
    if (!ok && attempt === this._attempt) {
      this._problem = firstError(this._notebook) ?? this._trans.__('A cell failed.');
    }
    await this._context.save().catch(() => undefined); // said by the document itself
  }

  private _onKernel(): void {
    const model = this._context.sessionContext.session?.kernel?.model ?? null;
    if (model?.id !== this._kernel?.id) {
      this._kernel?.dispose();
      this._kernel = null;
      if (model) {
        // The server knows app views by this name; `handleComms` off keeps widgets out of this page.
        const kernels = this._services.kernels as KernelManager;
        const clientId = `nexus-app-${UUID.uuid4()}`;
        this._kernel = kernels.connectTo({ model, clientId, handleComms: false });
        this._isFresh = false;
        this._wasConnected = false;
        const kernel = this._context.sessionContext.session?.kernel;
        if (kernel && !this._isRunning) {
          void this._lookIfFresh(kernel);
        }
        this._arrived.resolve();
      }
      this._kernelChanged.emit(this._kernel);
    }
    this._update();
  }

  /** Ask a kernel that something else started whether it has run anything: if not, the app is not running. */
  private async _lookIfFresh(kernel: Kernel.IKernelConnection): Promise<void> {
    kernel.iopubMessage.connect((_, message) => {
      if (this._isFresh && message.header.msg_type === 'execute_input') {
        this._isFresh = false;
        this._update();
      }
    });
    await kernel.info; // a request sent before is silently lost
    const ask = kernel.requestExecute({ code: '', silent: true, store_history: false });
    const reply = await ask.done.catch(() => null);
    const count = reply?.content.status === 'ok' ? reply.content.execution_count : null;
    if (count === 0 && kernel.id === this._kernel?.id && !this._isRunning) {
      this._isFresh = true;
      this._update();
    }
  }

  private _onStatus(_: ISessionContext, status: Kernel.Status): void {
    if (status === 'autorestarting' || status === 'dead') {
      // Jupyter starts a kernel that died again, but nothing of the app is in it.
      this._problem = this._trans.__('The app ended by itself. Restart it.');
    }
    this._update();
  }

  private _update(): void {
    const { status, detail } = this._read();
    const isOn = status === 'running' || status === 'busy';
    const state = { status, detail, isChanged: isOn && this._drift.isChanged };
    const old = this._state;
    if (status !== old.status || detail !== old.detail || state.isChanged !== old.isChanged) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private _read(): Omit<ISessionState, 'isChanged'> {
    const session = this._context.sessionContext;
    const status = session.kernelDisplayStatus;
    if (this._problem) {
      return { status: 'failed', detail: this._problem };
    }
    if (this._isRunning) {
      return { status: 'starting', detail: '' };
    }
    const connection = session.session?.kernel?.connectionStatus;
    if (connection === undefined || this._isFresh) {
      return { status: 'stopped', detail: '' };
    }
    if (connection === 'connected') {
      this._wasConnected = true;
    } else if (this._wasConnected) {
      return { status: 'offline', detail: '' };
    }
    return { status: status === 'busy' ? 'busy' : 'running', detail: '' };
  }

  private readonly _drift: CodeDrift;
  private readonly _arrived: PromiseDelegate<void>;
  private _attempt = 0;
  private _problem = '';
  private _isRunning = false;
  private _isFresh = false;
  private _wasConnected = false;
  private _isDisposed = false;
  private _kernel: Kernel.IKernelConnection | null = null;
  private _state: ISessionState = { status: 'stopped', detail: '', isChanged: false };
  private readonly _stateChanged = new Signal<this, ISessionState>(this);
  private readonly _kernelChanged = new Signal<this, Kernel.IKernelConnection | null>(this);
}

/** Let Jupyter finish restarting a kernel that died: a second restart meanwhile loses its answer. */
async function restartedByItself(session: ISessionContext): Promise<void> {
  const end = Date.now() + PATIENCE;
  while (session.kernelDisplayStatus === 'autorestarting' && Date.now() < end) {
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

function firstError(notebook: Notebook): string | null {
  for (const cell of notebook.model?.cells ?? []) {
    if (cell.type === 'code') {
      const outputs = cell.toJSON().outputs as {
        output_type: string;
        ename?: string;
        evalue?: string;
      }[];
      const error = outputs.find(output => output.output_type === 'error');
      if (error) {
        return `${error.ename}: ${error.evalue}`;
      }
    }
  }
  return null;
}
