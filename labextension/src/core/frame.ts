/** The app client inside JupyterLab: a shell iframe and the channel to the frame in it. */
import { IThemeManager } from '@jupyterlab/apputils';
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';
import { saveDownload } from './download';
import { IReport } from './protocol';
import { AppRelay, IRelayOptions } from './relay';
import { readTheme } from './theme';

/** Where the documents and modules of the app view are. */
export interface IAppUrls {
  /** The shell document. */
  shell: string;
  /** The folder of the client's modules. */
  static: string;
}

/** Give the addresses the server extension serves. */
export function appUrls(settings: ServerConnection.ISettings): IAppUrls {
  const root = URLExt.join(settings.baseUrl, 'nexus/api/appview');
  return { shell: URLExt.join(root, 'shell'), static: URLExt.join(root, 'static') };
}

const sources = new Map<string, Promise<string>>();

/** Fetch a client module once per page. */
export function loadModule(
  name: string,
  urls: IAppUrls,
  settings: ServerConnection.ISettings
): Promise<string> {
  const url = URLExt.join(urls.static, `${name}.js`);
  let source = sources.get(url);
  if (source === undefined) {
    source = ServerConnection.makeRequest(url, {}, settings).then(response => {
      if (!response.ok) {
        throw new ServerConnection.ResponseError(response);
      }
      return response.text();
    });
    // A failure is not remembered: the next app tries again.
    source.catch(() => sources.delete(url));
    sources.set(url, source);
  }
  return source;
}

/** What a frame needs. */
export interface IAppFrameOptions extends Pick<IRelayOptions, 'source' | 'init'> {
  /** Where everything is; `appUrls` by default. */
  urls?: IAppUrls;
  /** The server. */
  serverSettings?: ServerConnection.ISettings;
  /** JupyterLab's theme. */
  themeManager: IThemeManager | null;
}

/** Shows an app. */
export class AppFrame extends Widget {
  constructor(options: IAppFrameOptions) {
    super();
    const settings = options.serverSettings ?? ServerConnection.makeSettings();
    const urls = options.urls ?? appUrls(settings);
    this._themeManager = options.themeManager;
    this.relay = new AppRelay({
      source: options.source,
      init: options.init,
      theme: readTheme(options.themeManager),
      load: name => loadModule(name, urls, settings)
    });
    this.relay.downloadAsked.connect((_, download) => saveDownload(download));
    this.addClass('nx-AppFrame');
    this._iframe = document.createElement('iframe');
    this._iframe.title = options.init.title;
    this._iframe.referrerPolicy = 'no-referrer';
    this._iframe.src = urls.shell;
    // Moving the widget in the page loads its document again: each load gets a channel of its own.
    this._iframe.addEventListener('load', () => this._connect());
    this.node.append(this._iframe);
    this._themeManager?.themeChanged.connect(this._onTheme, this);
  }

  /** Between the client and the kernel; give it the kernel. */
  readonly relay: AppRelay;

  /** Count what the client drew. */
  inspect(timeout?: number): Promise<IReport> {
    return this.relay.inspect(timeout);
  }

  /** Stop and let go of the kernel. */
  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._themeManager?.themeChanged.disconnect(this._onTheme, this);
    this.relay.dispose();
    super.dispose();
  }

  private _connect(): void {
    const channel = new MessageChannel();
    this.relay.attach(channel.port1);
    this._iframe.contentWindow?.postMessage('nexus:port', location.origin, [channel.port2]);
  }

  private _onTheme(): void {
    // The style sheet of a new theme takes a frame to apply.
    requestAnimationFrame(() => this.relay.setTheme(readTheme(this._themeManager)));
  }

  private readonly _iframe: HTMLIFrameElement;
  private readonly _themeManager: IThemeManager | null;
}
