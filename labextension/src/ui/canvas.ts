/** The canvas: a notebook as an app, and as a notebook. */
import { IThemeManager } from '@jupyterlab/apputils';
import { DocumentRegistry, DocumentWidget } from '@jupyterlab/docregistry';
import {
  INotebookModel,
  Notebook,
  NotebookPanel,
  NotebookWidgetFactory
} from '@jupyterlab/notebook';
import { ServiceManager } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { BoxLayout } from '@lumino/widgets';
import { postJson } from '../api/client';
import { IAppRecord } from '../api/generated';
import { AppFrame } from '../core/frame';
import { NotebookSource } from '../core/notebookSource';
import { AppSession } from '../core/session';
import { CanvasBar, CanvasView } from './canvasBar';
import { TrustBar } from './trustBar';

/** What a canvas needs of JupyterLab. */
export interface ICanvasServices {
  /** Kernels. */
  services: ServiceManager.IManager;
  /** Colours. */
  themes: IThemeManager | null;
  /** Texts. */
  trans: TranslationBundle;
}

/** A notebook panel with an app view in front of it. */
export class CanvasPanel extends NotebookPanel {
  constructor(
    options: DocumentWidget.IOptions<Notebook, INotebookModel>,
    private readonly _lab: ICanvasServices
  ) {
    super(options);
    this.addClass('nx-Canvas');
    this.session = new AppSession(this.context, this.content, _lab.services, _lab.trans);
    this.bar = new CanvasBar(_lab.trans);
    this._trust = new TrustBar(_lab.trans);
    const layout = this.layout as BoxLayout;
    BoxLayout.setStretch(this.bar, 0);
    BoxLayout.setStretch(this._trust, 0);
    layout.insertWidget(0, this.bar);
    layout.insertWidget(layout.widgets.indexOf(this.content), this._trust);
    this.bar.viewChosen.connect((_, view) => this.showView(view));
    this.bar.asked.connect((_, action) => void this.session[action]());
    this._trust.accepted.connect(() => void this._trustCode());
    this.session.stateChanged.connect(this._onState, this);
    this.showView('app');
    void this.context.ready.then(() => this._makeFrame());
  }

  /** The app's kernel session. */
  readonly session: AppSession;

  /** The bar above the app. */
  readonly bar: CanvasBar;

  /** The app view, once the document is there. */
  get frame(): AppFrame | null {
    return this._frame;
  }

  /** Which view is shown. */
  get view(): CanvasView {
    return this._view;
  }

  /** Show one of the two views. */
  showView(view: CanvasView): void {
    this._view = view;
    this.bar.setView(view);
    const isApp = view === 'app';
    this.content.setHidden(isApp);
    this.toolbar.setHidden(isApp);
    this._frame?.setHidden(!isApp);
    this._trust.setHidden(isApp || !this._isUntrusted);
    if (!isApp) {
      void this.session.ensureKernel();
    }
    this.node.dataset.view = view;
  }

  /** Let go of everything; the kernel lives on. */
  override dispose(): void {
    if (!this.isDisposed) {
      this._source?.dispose();
      this._frame?.dispose();
      this.session.dispose();
      super.dispose();
    }
  }

  /** Take the focus where it can be seen: JupyterLab's current widget is the one that has it. */
  protected override onActivateRequest(msg: Message): void {
    if (this._view === 'app') {
      this.bar.focus();
    } else {
      super.onActivateRequest(msg);
    }
  }

  private _makeFrame(): void {
    if (this.isDisposed) {
      return;
    }
    const app = (this.model?.getMetadata('nexus') ?? {}) as Partial<IAppRecord>;
    this._source = new NotebookSource(this.context.model);
    const mode = app.layout?.mode;
    this._frame = new AppFrame({
      source: this._source,
      init: {
        title: app.title ?? this.context.localPath,
        // A notebook with text of its own says itself what it is.
        description: this._source.cells.some(cell => cell.role === 'doc')
          ? ''
          : (app.description ?? ''),
        layout: mode === 'grid' || mode === 'tabs' ? mode : 'column',
        strings: {}
      },
      themeManager: this._lab.themes
    });
    BoxLayout.setStretch(this._frame, 1);
    (this.layout as BoxLayout).addWidget(this._frame);
    this._frame.relay.kernel = this.session.kernel;
    this.session.kernelChanged.connect((_, kernel) => {
      if (this._frame) {
        this._frame.relay.kernel = kernel;
      }
    });
    this._frame.relay.failed.connect((_, message) => this.bar.setStatus('failed', message));
    this._onState();
    this.showView(this._view);
  }

  private _onState(): void {
    const { status, detail, isChanged } = this.session.state;
    this.bar.setStatus(status, detail, isChanged);
    if (status === 'stopped' || status === 'failed' || status === 'starting') {
      this._frame?.relay.setStatus(status, detail);
    }
    if (status === 'running' || status === 'failed') {
      void this._askTrust();
    }
  }

  /** Ask the server whether this kernel ran code that is not trusted. */
  private async _askTrust(): Promise<void> {
    const id = this.session.kernel?.id;
    if (!id) {
      return;
    }
    try {
      const { clean, tier } = await this._trust.ask(id);
      this._isUntrusted = !clean;
      this.bar.setSandboxed(tier !== 'process');
    } catch {
      this._isUntrusted = false; // the server says more in its own words elsewhere
    }
    this._trust.setHidden(this._view === 'app' || !this._isUntrusted);
  }

  private async _trustCode(): Promise<void> {
    await this.context.save();
    await postJson('trust', { path: this.context.localPath });
    await this.session.restart();
    await this._askTrust();
  }

  private _view: CanvasView = 'app';
  private _isUntrusted = false;
  private _frame: AppFrame | null = null;
  private _source: NotebookSource | null = null;
  private readonly _trust: TrustBar;
}

/** Makes canvases of notebooks. */
export class CanvasFactory extends NotebookWidgetFactory {
  constructor(
    options: NotebookWidgetFactory.IOptions<NotebookPanel>,
    private readonly _lab: ICanvasServices,
    private readonly _registry: DocumentRegistry
  ) {
    super(options);
  }

  /** The notebook factory's: another one would open a second, unshared copy of the document. */
  override get contentProviderId(): string | undefined {
    const factory = this._registry.getWidgetFactory('Notebook');
    return factory?.contentProviderId;
  }
  override set contentProviderId(_value: string | undefined) {
    // It is the notebook factory's to change.
  }

  protected override createNewWidget(
    context: DocumentRegistry.IContext<INotebookModel>,
    source?: NotebookPanel
  ): NotebookPanel {
    const content = this.contentFactory.createNotebook({
      rendermime:
        source?.content.rendermime ?? this.rendermime.clone({ resolver: context.urlResolver }),
      contentFactory: this.contentFactory,
      mimeTypeService: this.mimeTypeService,
      editorConfig: source?.content.editorConfig ?? this.editorConfig,
      notebookConfig: source?.content.notebookConfig ?? this.notebookConfig,
      translator: this.translator
    });
    return new CanvasPanel({ context, content }, this._lab);
  }
}
