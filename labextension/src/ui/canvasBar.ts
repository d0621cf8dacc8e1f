/** The bar above an app: which view, how it is doing, and what to do about it. */
import { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon, refreshIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

/** The two views of one session. */
export type CanvasView = 'app' | 'build';

/** What an app is doing. */
export type AppStatus = 'stopped' | 'starting' | 'running' | 'busy' | 'failed' | 'offline';

/** What the owner may ask for here. */
export type CanvasAction = 'start' | 'stop' | 'restart';

/** Buttons and a status line. */
export class CanvasBar extends Widget {
  constructor(private readonly _trans: TranslationBundle) {
    super();
    this.addClass('nx-CanvasBar');
    const views = document.createElement('div');
    views.className = 'nx-CanvasBar-views';
    views.setAttribute('role', 'tablist');
    views.setAttribute('aria-label', _trans.__('View'));
    this._tabs = {
      app: this._tab('app', _trans.__('App'), _trans.__('Use the app')),
      build: this._tab('build', _trans.__('Build'), _trans.__('See and change the notebook'))
    };
    views.append(this._tabs.app, this._tabs.build);
    this._status = document.createElement('span');
    this._status.className = 'nx-CanvasBar-status';
    this._status.setAttribute('role', 'status');
    this._buttons = {
      start: this._button('start', runIcon, _trans.__('Start')),
      restart: this._button('restart', refreshIcon, _trans.__('Restart')),
      stop: this._button('stop', stopIcon, _trans.__('Stop'))
    };
    const spacer = document.createElement('span');
    spacer.className = 'nx-CanvasBar-spacer';
    this._buttons.start.classList.add('nx-mod-main'); // where it shows, it is what to do next
    this._tier = document.createElement('span');
    this._tier.className = 'nx-CanvasBar-tier';
    this._tier.textContent = _trans.__('Not sandboxed');
    this._tier.title = _trans.__('This machine has no sandbox: the app runs with your own rights.');
    this._tier.hidden = true;
    this.node.append(views, spacer, this._tier, this._status, ...Object.values(this._buttons));
    this.setView('app');
    this.setStatus('stopped');
  }

  /** The owner chose a view. */
  get viewChosen(): ISignal<this, CanvasView> {
    return this._viewChosen;
  }

  /** The owner asked for something. */
  get asked(): ISignal<this, CanvasAction> {
    return this._asked;
  }

  /** Focus the chosen view's tab. */
  focus(): void {
    this.node.querySelector<HTMLElement>('[role=tab][aria-selected=true]')?.focus();
  }

  /** Show which view is shown. */
  setView(view: CanvasView): void {
    for (const [name, tab] of Object.entries(this._tabs)) {
      tab.setAttribute('aria-selected', String(name === view));
      tab.tabIndex = name === view ? 0 : -1;
    }
  }

  /** Show what the app is doing, and whether its code was changed meanwhile. */
  setStatus(status: AppStatus, detail = '', isChanged = false): void {
    const words: Record<AppStatus, string> = {
      stopped: this._trans.__('Stopped'),
      starting: this._trans.__('Starting…'),
      running: this._trans.__('Running'),
      busy: this._trans.__('Working…'),
      failed: this._trans.__('Failed'),
      offline: this._trans.__('Not connected')
    };
    this.node.dataset.status = status;
    this.node.dataset.changed = String(isChanged);
    this._status.textContent = isChanged ? this._trans.__('Changed') : words[status];
    this._status.title = isChanged
      ? this._trans.__('The notebook has changed since the app started. Restart to apply it.')
      : detail;
    this._buttons.restart.classList.toggle('nx-mod-main', isChanged);
    const isOn = status !== 'stopped';
    this._buttons.start.hidden = isOn;
    this._buttons.restart.hidden = !isOn;
    this._buttons.stop.hidden = !isOn;
    // Without a server nothing can be asked for.
    this._buttons.restart.disabled = this._buttons.stop.disabled = status === 'offline';
  }

  /** Warn where the app runs with the owner's own rights. */
  setSandboxed(isSandboxed: boolean): void {
    this._tier.hidden = isSandboxed;
  }

  /** Handle the arrow keys of the view switch. */
  handleEvent(event: Event): void {
    const key = (event as KeyboardEvent).key;
    if (event.type === 'keydown' && (key === 'ArrowLeft' || key === 'ArrowRight')) {
      const next = this._tabs.app.getAttribute('aria-selected') === 'true' ? 'build' : 'app';
      this._viewChosen.emit(next);
      this._tabs[next].focus();
      event.preventDefault();
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.node.firstElementChild?.addEventListener('keydown', this);
  }

  protected override onBeforeDetach(msg: Message): void {
    this.node.firstElementChild?.removeEventListener('keydown', this);
    super.onBeforeDetach(msg);
  }

  private _tab(view: CanvasView, label: string, title: string): HTMLButtonElement {
    const tab = document.createElement('button');
    tab.type = 'button';
    tab.setAttribute('role', 'tab');
    tab.textContent = label;
    tab.title = title;
    tab.dataset.view = view;
    tab.addEventListener('click', () => this._viewChosen.emit(view));
    return tab;
  }

  private _button(action: CanvasAction, icon: LabIcon, label: string): HTMLButtonElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'nx-CanvasBar-button';
    button.dataset.action = action;
    button.setAttribute('aria-label', label); // a narrow bar shows icons only
    button.title = label;
    const text = document.createElement('span');
    text.textContent = label;
    button.replaceChildren(icon.element({ tag: 'span', className: 'nx-icon' }), text);
    button.addEventListener('click', () => this._asked.emit(action));
    return button;
  }

  private readonly _tabs: Record<CanvasView, HTMLButtonElement>;
  private readonly _buttons: Record<CanvasAction, HTMLButtonElement>;
  private readonly _status: HTMLElement;
  private readonly _tier: HTMLElement;
  private readonly _viewChosen = new Signal<this, CanvasView>(this);
  private readonly _asked = new Signal<this, CanvasAction>(this);
}
