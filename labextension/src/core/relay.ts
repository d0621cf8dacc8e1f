/** Between an app client and its kernel: passes what an app view may say, and nothing else. */
import { Kernel } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { KernelFeed } from './feed';
import {
  HostMessage,
  ICell,
  IDownload,
  IInitMessage,
  IReport,
  ITheme,
  KernelState
} from './protocol';
import { IAppSource } from './source';
import { parseClientMessage } from './validate';

/** How long to wait for the widget states, in ms: a busy kernel must not hold back what the app showed last. */
const STATES_PATIENCE = 1500;

/** Kernel messages kept for a client that is still loading; an app that says more starts from its states. */
const BACKLOG = 5000;

/** What a relay needs. */
export interface IRelayOptions {
  /** The app's cells. */
  source: IAppSource;
  /** Who the app is and how it is laid out. */
  init: Pick<IInitMessage, 'title' | 'description' | 'layout' | 'strings'>;
  /** The colours to start with. */
  theme: ITheme;
  /** Give the source text of a client module: `appview` or one of `MODULES`. */
  load(name: string): Promise<string>;
}

/** Speaks the protocol with one client at a time. */
export class AppRelay implements IDisposable {
  constructor(private readonly _options: IRelayOptions) {
    this._theme = _options.theme;
    _options.source.changed.connect(this._onCells, this);
  }

  /** The client started. */
  get ready(): ISignal<this, void> {
    return this._ready;
  }

  /** The client failed, with a sentence. */
  get failed(): ISignal<this, string> {
    return this._failed;
  }

  /** The page's height changed. */
  get heightChanged(): ISignal<this, number> {
    return this._heightChanged;
  }

  /** The person wants a file of the app. */
  get downloadAsked(): ISignal<this, IDownload> {
    return this._downloadAsked;
  }

  /** A client message was refused. */
  get refused(): ISignal<this, unknown> {
    return this._refused;
  }

  /** The kernel behind the app, made with `handleComms: false`; `null` when it is not running. */
  get kernel(): Kernel.IKernelConnection | null {
    return this._feed?.kernel ?? null;
  }
  set kernel(kernel: Kernel.IKernelConnection | null) {
    if (kernel === this.kernel) {
      return;
    }
    clearTimeout(this._patience);
    this._feed?.dispose();
    this._backlog = [];
    this._feed = kernel === null ? null : new KernelFeed(kernel, message => this._onFeed(message));
    this.synchronize();
  }

  /** Whether the relay is over. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Talk to the client behind `port` from now on. */
  attach(port: MessagePort): void {
    this._detach();
    this._port = port;
    port.onmessage = event => this._onMessage(port, event.data);
    void this._load('appview', port).then(appview => {
      if (appview !== null) {
        const init = this._options.init;
        this._post({ type: 'init', ...init, theme: this._theme, source: { appview } });
      }
    });
  }

  /** Bring the client up to date: the widget states first, then the cells that show them. */
  synchronize(): void {
    if (!this._isReady || this._isDisposed) {
      return;
    }
    clearTimeout(this._patience);
    this._isWaiting = true;
    if (this._feed === null) {
      this._post({ type: 'status', ...this._status });
      this._sendCells();
    } else {
      this._post({ type: 'status', state: this._feed.state });
      // What was printed into an Output widget meanwhile is known to nobody else.
      this._backlog.splice(0).forEach(message => this._post(message));
      this._askStates(this._feed, STATES_PATIENCE);
    }
  }

  /** Change the colours. */
  setTheme(theme: ITheme): void {
    this._theme = theme;
    this._tell({ type: 'theme', ...theme });
  }

  /** Say how the app is doing when no kernel can. */
  setStatus(state: KernelState, detail = ''): void {
    this._status = { state, detail };
    this._tell({ type: 'status', state, detail });
  }

  /** Ask the client what it drew. */
  inspect(timeout = 5000): Promise<IReport> {
    this._inspections += 1;
    const id = String(this._inspections);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this._reports.delete(id);
        reject(new Error('The app view did not answer.'));
      }, timeout);
      this._reports.set(id, report => {
        clearTimeout(timer);
        resolve(report);
      });
      this._tell({ type: 'inspect', id });
    });
  }

  /** Stop. */
  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.kernel = null;
    this._detach();
    this._options.source.changed.disconnect(this._onCells, this);
    Signal.clearData(this);
  }

  /** Ask for the states; without an answer show the cells, and ask again: the question may be lost. */
  private _askStates(feed: KernelFeed, patience: number): void {
    void feed.readStates(() => this._sendCells());
    this._patience = setTimeout(() => {
      this._sendCells();
      this._askStates(feed, 2 * patience);
    }, patience);
  }

  private _sendCells(): void {
    clearTimeout(this._patience);
    this._isWaiting = false;
    this._post({ type: 'outputs', cells: this._options.source.cells });
  }

  private _detach(): void {
    this._port?.close();
    this._port = null;
    this._isReady = false;
    clearTimeout(this._patience);
  }

  /** Give a module's source, unless it failed or the client is another one by now. */
  private async _load(name: string, port: MessagePort): Promise<string | null> {
    try {
      const source = await this._options.load(name);
      return port === this._port ? source : null;
    } catch (error) {
      this._failed.emit(String(error));
      return null;
    }
  }

  private _onMessage(port: MessagePort, data: unknown): void {
    if (port !== this._port) {
      return;
    }
    const message = parseClientMessage(data);
    switch (message?.type) {
      case 'ready':
        if (!this._isReady) {
          this._isReady = true;
          this._ready.emit();
          this.synchronize();
        }
        break;
      case 'need':
        void this._load(message.name, port).then(source => {
          if (source !== null) {
            this._post({ type: 'module', name: message.name, source });
          }
        });
        break;
      case 'comm_msg':
        if (!this._feed?.send(message)) {
          this._refused.emit(message);
        }
        break;
      case 'height':
        this._heightChanged.emit(message.px);
        break;
      case 'report':
        this._reports.get(message.id)?.(message.report);
        this._reports.delete(message.id);
        break;
      case 'download':
        this._downloadAsked.emit(message);
        break;
      case 'failure':
        this._failed.emit(message.message);
        break;
      default:
        this._refused.emit(data);
    }
  }

  private _onFeed(message: HostMessage): void {
    if (this._isReady) {
      this._post(message);
    } else if (this._backlog.push(message) > BACKLOG) {
      this._backlog = [];
    }
    // A kernel that started again has other widgets.
    if (message.type === 'status' && message.state === 'starting') {
      this._isStale = true;
    } else if (this._isStale && message.type === 'status' && message.state === 'idle') {
      this._isStale = false;
      this.synchronize();
    }
  }

  private _onCells(_source: IAppSource, cells: ICell[] | null): void {
    if (!this._isWaiting) {
      const all = cells ?? this._options.source.cells;
      this._tell({ type: 'outputs', cells: all, partial: cells !== null });
    }
  }

  /** Post to a client that has started; one that has not gets everything when it does. */
  private _tell(message: HostMessage): void {
    if (this._isReady) {
      this._post(message);
    }
  }

  private _post(message: HostMessage): void {
    this._port?.postMessage(message);
  }

  private _feed: KernelFeed | null = null;
  private _port: MessagePort | null = null;
  private _backlog: HostMessage[] = [];
  private _theme: ITheme;
  private _status: { state: KernelState; detail: string } = { state: 'stopped', detail: '' };
  private _isReady = false;
  private _isWaiting = false;
  private _isStale = false;
  private _isDisposed = false;
  private _inspections = 0;
  private _patience: ReturnType<typeof setTimeout> | undefined;
  private readonly _reports = new Map<string, (report: IReport) => void>();
  private readonly _ready = new Signal<this, void>(this);
  private readonly _failed = new Signal<this, string>(this);
  private readonly _heightChanged = new Signal<this, number>(this);
  private readonly _downloadAsked = new Signal<this, IDownload>(this);
  private readonly _refused = new Signal<this, unknown>(this);
}
