/** What Nexus is doing, between the messages and the input: with the one thing to do about it. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { IActivity, NexusChatModel } from './model';

/** Progress and Stop; or why nothing goes on. */
export class ActivityBar extends Widget {
  constructor(model: NexusChatModel, trans: TranslationBundle) {
    super();
    this.addClass('nx-ActivityBar');
    this._trans = trans;
    this._text = document.createElement('span');
    this._text.setAttribute('role', 'status');
    this._spinner = document.createElement('span');
    this._spinner.className = 'nx-spinner';
    this._spinner.setAttribute('aria-hidden', 'true');
    this._stop = document.createElement('button');
    this._stop.type = 'button';
    this._stop.className = 'nx-CanvasBar-button';
    this._stop.textContent = trans.__('Stop');
    this._stop.addEventListener('click', () => model.stop());
    this.node.append(this._spinner, this._text, this._stop);
    model.activityChanged.connect((_, activity) => this._show(activity));
    this._show(model.activity);
  }

  private _show(activity: IActivity): void {
    const text = !activity.isConnected
      ? this._trans.__('Connecting to the server…')
      : activity.problem || (activity.isBusy ? `${activity.progress}…` : '');
    this._text.textContent = text;
    this._spinner.hidden = activity.isConnected && !activity.isBusy;
    this._stop.hidden = !(activity.isConnected && activity.isBusy);
    this.node.dataset.problem = String(activity.problem !== '');
    this.setHidden(text === '');
  }

  private readonly _trans: TranslationBundle;
  private readonly _text: HTMLElement;
  private readonly _spinner: HTMLElement;
  private readonly _stop: HTMLButtonElement;
}
