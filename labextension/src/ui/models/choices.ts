/** The models that can be used, as a list to choose from; found by typing, used by keyboard too. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { IModelInfo } from '../../api/generated';
import { IModels } from '../../core/models';
import { priceLine } from '../../core/money';
import { el } from '../dom';

/** More models than this are found by typing. */
const MOST = 60;

/** A search field and radio buttons. */
export class ModelChoices extends Widget {
  constructor(
    private readonly _models: IModels,
    private readonly _trans: TranslationBundle,
    private readonly _choose: (model: string) => void
  ) {
    super();
    this._list = el('div', 'nx-Models-list');
    this._list.setAttribute('role', 'radiogroup');
    this._list.setAttribute('aria-label', _trans.__('Model in use'));
    this._list.addEventListener('keydown', event => this._onArrow(event));
    this._filter = el('input', 'jp-mod-styled');
    this._filter.type = 'search';
    this._filter.placeholder = _trans.__('Find a model');
    this._filter.setAttribute('aria-label', _trans.__('Find a model'));
    this._filter.addEventListener('input', () => this.draw());
    this.find = el('div', 'nx-Models-find', this._filter);
    this.node.append(this.find, this._list);
  }

  /** The row of the search field: there is room for a button. */
  readonly find: HTMLElement;

  /** Whether the models were loaded once. */
  isLoaded = false;

  /** Show the models as they are now. */
  draw(): void {
    const words = this._filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const { current } = this._models;
    const all = this._models.list.models ?? [];
    const found = all.filter(m => words.every(word => m.id.toLowerCase().includes(word)));
    // What was in use when the list came is first: a choice moves nothing under the pointer.
    if (this._models.list.models !== this._drawn) {
      this._drawn = this._models.list.models;
      this._first = current;
    }
    const isFirst = (m: IModelInfo): number => Number(m.id === this._first);
    const shown = [...found].sort((a, b) => isFirst(b) - isFirst(a));
    const rows = shown.slice(0, MOST).map(model => this._choice(model, model.id === current));
    if (words.length === 0) {
      const none = { id: '', name: this._trans.__('None: recipes only'), connection: '' };
      rows.push(this._choice(none, current === ''));
    }
    if (!rows.some(row => row.tabIndex === 0) && rows[0]) {
      rows[0].tabIndex = 0;
    }
    this._list.replaceChildren(...rows);
    const note = this._note(all.length, found.length);
    if (note) {
      this._list.prepend(el('p', 'nx-Models-note', note));
    }
  }

  private _note(all: number, found: number): string {
    if (all === 0) {
      return this.isLoaded
        ? this._trans.__(
            'No model is connected. Enter a key below, or start a local server such as Ollama.'
          )
        : this._trans.__('Looking for models…');
    }
    return found > MOST ? this._trans.__('%1 more: type to find them.', found - MOST) : '';
  }

  private _choice(model: IModelInfo, isChosen: boolean): HTMLElement {
    const price = model.id ? priceLine(model, this._trans) : '';
    const from = this._models.list.connections?.find(c => c.id === model.connection);
    const row = el(
      'button',
      'nx-Models-choice',
      el('span', 'nx-Models-name', model.name),
      el('span', 'nx-Models-from', from?.label ?? model.connection),
      el('span', 'nx-Models-price', price)
    );
    row.type = 'button';
    row.setAttribute('role', 'radio');
    row.setAttribute('aria-checked', String(isChosen));
    row.tabIndex = isChosen ? 0 : -1;
    row.title = price ? this._trans.__('%1: price per million tokens', model.id) : '';
    row.addEventListener('click', () => this._choose(model.id));
    return row;
  }

  private _onArrow(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = Array.from(this._list.querySelectorAll<HTMLElement>('[role=radio]'));
    const at = rows.indexOf(document.activeElement as HTMLElement);
    if (step && at >= 0) {
      event.preventDefault();
      rows[(at + step + rows.length) % rows.length].focus();
    }
  }

  private _first = '';
  private _drawn: IModelInfo[] | undefined;
  private readonly _filter: HTMLInputElement;
  private readonly _list: HTMLElement;
}
