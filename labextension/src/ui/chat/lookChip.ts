/** Says, above the input, what goes along with a question; a click leaves it out. */
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { ILook } from '../../core/context';
import { el } from '../dom';

/** A switch with the name of what is looked at. */
export class LookChip extends Widget {
  constructor(private readonly _trans: TranslationBundle) {
    super();
    this.addClass('nx-LookChip');
    this._button = el('button', 'nx-LookChip-button');
    this._button.type = 'button';
    this._button.setAttribute('role', 'switch');
    this._button.addEventListener('click', () => {
      this.isOn = !this.isOn;
      this._switched.emit(this.isOn);
    });
    this.node.append(this._button);
    this.hide();
  }

  /** Whether it goes along. */
  get isOn(): boolean {
    return this._isOn;
  }

  set isOn(isOn: boolean) {
    this._isOn = isOn;
    this._draw();
  }

  /** The owner switched it. */
  get switched(): ISignal<this, boolean> {
    return this._switched;
  }

  /** Show what is looked at; null hides the chip. */
  setLook(look: ILook | null): void {
    this._look = look;
    this.setHidden(look === null);
    this._draw();
  }

  private _draw(): void {
    const { context, cell } = this._look ?? { context: {}, cell: 0 };
    const name = context.path?.split('/').pop() ?? '';
    const what = cell ? this._trans.__('cell %1 of %2', cell, name) : name;
    this._button.setAttribute('aria-checked', String(this._isOn));
    this._button.textContent = this._isOn
      ? this._trans.__('Sends %1', what)
      : this._trans.__('Does not send %1', what);
    this._button.title = this._isOn
      ? this._trans.__('The cell and its output go along with a question. Click to leave them out.')
      : this._trans.__('Only the question is sent. Click to send the cell too.');
  }

  private _isOn = true;
  private _look: ILook | null = null;
  private readonly _button: HTMLButtonElement;
  private readonly _switched = new Signal<this, boolean>(this);
}
