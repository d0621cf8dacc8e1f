/** The running client: messages in, messages out. */
import type {
  ClientMessage,
  HostMessage,
  IClientCommData,
  IInitMessage,
  IOutput,
  ITheme,
  JsonObject
} from '../core/protocol';
import type { IAppContext, IChartModule } from './context';
import { messageId } from './dom';
import { inspect } from './inspect';
import { ModelStore } from './models/store';
import { Page } from './page';
import { Scope } from './scope';
import { applyTheme } from './theme';

/** How the client reaches its host and its modules; tests and the headless check bring their own. */
export interface IEnvironment {
  /** Send to the host. */
  post(message: ClientMessage, transfer?: ArrayBuffer[]): void;
  /** Import the ES module `source`. */
  importModule(source: string): Promise<unknown>;
}

/** Takes the host's messages and keeps the page in step with them. */
export class App implements IAppContext {
  constructor(
    init: IInitMessage,
    private readonly _environment: IEnvironment
  ) {
    this.theme = init.theme;
    this.store = new ModelStore({ send: (...args) => this._sendComm(...args) });
    this.page = new Page(this, init, this.scope);
    applyTheme(document.documentElement, this.theme);
  }

  /** Ends with the client. */
  readonly scope = new Scope();
  /** The widget models. */
  readonly store: ModelStore;
  /** The page. */
  readonly page: Page;
  /** The colours of the moment. */
  theme: ITheme;

  /** Take one message of the host. */
  receive(message: HostMessage): void {
    switch (message.type) {
      case 'module':
        this._modules.get(message.name)?.resolve(this.importModule(message.source));
        break;
      case 'models':
        this.store.load(message.states);
        break;
      case 'outputs':
        if (message.partial !== true) {
          this._errors.clear();
        }
        this.page.showCells(message.cells, message.partial === true);
        break;
      case 'comm_open':
      case 'comm_msg':
      case 'comm_close':
        this.store.receive(message);
        break;
      case 'output':
        if (!this.store.capture.take(message)) {
          this._takeStray(message.msg_type, message.content, message.parent_id);
        }
        break;
      case 'status':
        this._takeStatus(message.state, message.detail ?? '', message.parent_id);
        break;
      case 'theme':
        this.theme = { dark: message.dark, vars: message.vars };
        applyTheme(document.documentElement, this.theme);
        [...this._themeListeners].forEach(listener => listener());
        break;
      case 'inspect': {
        const report = inspect(this.page.root, [...this._errors]);
        this._environment.post({ type: 'report', id: message.id, report });
        break;
      }
      default:
    }
  }

  /** Get the chart module, loading it the first time. */
  async chart(): Promise<IChartModule> {
    let module = this._modules.get('chart');
    if (module === undefined) {
      let resolve: (value: unknown) => void = () => undefined;
      const promise = new Promise<unknown>(done => (resolve = done));
      module = { promise, resolve };
      this._modules.set('chart', module);
      this._environment.post({ type: 'need', name: 'chart' });
    }
    return (await module.promise) as IChartModule;
  }

  /** Import the ES module `source`. */
  importModule(source: string): Promise<unknown> {
    return this._environment.importModule(source);
  }

  /** Listen to a change of the colours; the result stops it. */
  onTheme(listener: () => void): () => void {
    this._themeListeners.add(listener);
    return () => this._themeListeners.delete(listener);
  }

  /** What went wrong so far. */
  get errors(): ReadonlySet<string> {
    return this._errors;
  }

  /** Remember something that went wrong, for the report. */
  problem(message: string): void {
    this._errors.add(message.slice(0, 500));
  }

  private _takeStatus(
    state: 'starting' | 'idle' | 'busy' | 'stopped' | 'failed',
    detail: string,
    parent?: string
  ): void {
    this.page.showStatus(state, detail);
    if (state === 'starting' || state === 'stopped') {
      this.store.resetSync();
    } else if (state === 'idle' && parent !== undefined) {
      this.store.idle(parent);
      if (this._sent.delete(parent) && !this._failed.delete(parent)) {
        this.page.showProblem(null);
      }
    }
  }

  /** An output no widget asked for: only the failure of something the person did is worth a word. */
  private _takeStray(type: string, content: JsonObject, parent: string): void {
    if (type === 'error' && this._sent.has(parent)) {
      this._failed.add(parent);
      this.problem(`${String(content.ename)}: ${String(content.evalue)}`);
      this.page.showProblem(content as unknown as IOutput);
    }
  }

  private _sendComm(commId: string, data: JsonObject, buffers: ArrayBuffer[]): string {
    const id = messageId();
    this._sent.add(id);
    this._environment.post({
      type: 'comm_msg',
      comm_id: commId,
      data: data as IClientCommData,
      buffers,
      id
    });
    return id;
  }

  private readonly _modules = new Map<
    string,
    { promise: Promise<unknown>; resolve(value: unknown): void }
  >();
  private readonly _themeListeners = new Set<() => void>();
  private readonly _errors = new Set<string>();
  private readonly _sent = new Set<string>();
  private readonly _failed = new Set<string>();
}
