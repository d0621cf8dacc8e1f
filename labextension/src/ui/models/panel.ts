/** The models: which is in use, keys, servers, what was spent. */
import { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';
import { IConnectionInfo, IModelInfo } from '../../api/generated';
import { IModels } from '../../core/models';
import { dollars, priceLine } from '../../core/money';
import { el, labelled, pushButton, reason } from '../dom';
import { KeyForm } from './keyForm';

/** More models than this are found by typing. */
const MOST = 60;

/** A main area panel. */
export class ModelsPanel extends Widget {
  constructor(
    private readonly _models: IModels,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('nx-Models');
    this._said = el('div', 'nx-said');
    this._said.setAttribute('role', 'status');
    this._list = el('div', 'nx-Models-list');
    this._list.setAttribute('role', 'radiogroup');
    this._list.setAttribute('aria-label', _trans.__('Model in use'));
    this._filter = el('input', 'jp-mod-styled');
    this._filter.type = 'search';
    this._filter.placeholder = _trans.__('Find a model');
    this._filter.setAttribute('aria-label', _trans.__('Find a model'));
    this._filter.addEventListener('input', () => this._showModels());
    this._list.addEventListener('keydown', event => this._onArrow(event));
    this._keys = el('div', 'nx-Models-rows');
    this._servers = el('div', 'nx-Models-rows');
    this._spent = el('p', 'nx-Models-note');
    const layout = (this.layout = new PanelLayout());
    layout.addWidget(new Widget({ node: this._top() }));
    layout.addWidget(section(_trans.__('Keys'), this._keys));
    layout.addWidget(new KeyForm(_models, _trans));
    layout.addWidget(section(_trans.__('Servers'), this._servers, this._serverForm()));
    layout.addWidget(section(_trans.__('Spending'), this._spent, this._budgetForm()));
    _models.changed.connect(this._show, this);
    this._show();
  }

  /** Load everything whenever the panel comes into sight. */
  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this._load();
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    void this._load();
  }

  override dispose(): void {
    this._models.changed.disconnect(this._show, this);
    super.dispose();
  }

  private async _load(): Promise<void> {
    await this._try(() => this._models.load());
    this._isLoaded = true;
    this._show();
  }

  /** Do something; say what went wrong. */
  private async _try(work: () => Promise<unknown>): Promise<void> {
    this._said.textContent = '';
    try {
      await work();
    } catch (error) {
      this._said.textContent = reason(error);
      this._said.dataset.problem = 'true';
    }
  }

  private _top(): HTMLElement {
    const refresh = pushButton(this._trans.__('Look again'), () => void this._load(), {
      icon: refreshIcon,
      isIconOnly: true
    });
    return el(
      'div',
      'nx-Models-section',
      el('h2', '', this._trans.__('Model')),
      this._said,
      el('div', 'nx-Models-find', this._filter, refresh),
      this._list
    );
  }

  private _show(): void {
    this._showModels();
    this._showKeys();
    this._showServers();
    this._showSpending();
  }

  private _showModels(): void {
    const words = this._filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const { current } = this._models;
    const all = this._models.list.models ?? [];
    const found = all.filter(m => words.every(word => m.id.toLowerCase().includes(word)));
    // What is in use comes first; then what a key or a server gives.
    const shown = [...found].sort((a, b) => Number(b.id === current) - Number(a.id === current));
    const rows = shown.slice(0, MOST).map(model => this._choice(model, model.id === current));
    if (words.length === 0) {
      const none = { id: '', name: this._trans.__('None: recipes only'), connection: '' };
      rows.push(this._choice(none, current === ''));
    }
    this._list.replaceChildren(...rows);
    if (!rows.some(row => row.tabIndex === 0) && rows[0]) {
      rows[0].tabIndex = 0;
    }
    if (!this._isLoaded && all.length === 0) {
      this._list.prepend(el('p', 'nx-Models-note', this._trans.__('Looking for models…')));
    } else if (all.length === 0) {
      const hint = this._trans.__(
        'No model is connected. Enter a key below, or start a local server such as Ollama.'
      );
      this._list.prepend(el('p', 'nx-Models-note', hint));
    } else if (found.length > MOST) {
      const more = this._trans.__('%1 more: type to find them.', found.length - MOST);
      this._list.append(el('p', 'nx-Models-note', more));
    }
  }

  private _choice(model: IModelInfo, isChosen: boolean): HTMLElement {
    const price = model.id ? priceLine(model, this._trans) : '';
    const row = el(
      'button',
      'nx-Models-choice',
      el('span', 'nx-Models-name', model.name),
      el('span', 'nx-Models-from', this._from(model.connection)),
      el('span', 'nx-Models-price', price)
    );
    row.type = 'button';
    row.setAttribute('role', 'radio');
    row.setAttribute('aria-checked', String(isChosen));
    row.tabIndex = isChosen ? 0 : -1;
    row.title = model.id && price ? this._trans.__('%1: price per million tokens', model.id) : '';
    row.addEventListener('click', () => void this._try(() => this._models.choose(model.id)));
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

  private _from(connection: string): string {
    const found = this._models.list.connections?.find(c => c.id === connection);
    return found?.label ?? connection;
  }

  private _showKeys(): void {
    const rows = this._models.keys.map(key => {
      const about = this._trans.__('ends in %1 · %2', key.tail, key.source);
      const forget = (): void => void this._try(() => this._models.removeKey(key.name));
      return this._row(this._from(key.name), about, key.name, key.is_fixed ? null : forget);
    });
    const none = el('p', 'nx-Models-note', this._trans.__('No keys yet.'));
    this._keys.replaceChildren(...(rows.length ? rows : [none]));
  }

  private _showServers(): void {
    const servers = (this._models.list.connections ?? []).filter(c => c.api_base);
    const rows = servers.map(server => {
      const forget = (): void => void this._try(() => this._models.removeServer(server.id));
      return this._row(
        server.label,
        this._where(server),
        server.id,
        server.is_added ? forget : null
      );
    });
    const none = el(
      'p',
      'nx-Models-note',
      this._trans.__(
        'None found. Ollama, LM Studio and llama.cpp on this machine are found by themselves.'
      )
    );
    this._servers.replaceChildren(...(rows.length ? rows : [none]));
  }

  private _where(server: IConnectionInfo): string {
    const address = server.api_base ?? '';
    return server.is_local ? this._trans.__('%1 · on this machine', address) : address;
  }

  private _row(
    name: string,
    about: string,
    connection: string,
    forget: (() => void) | null
  ): HTMLElement {
    const said = el('span', 'nx-Models-note');
    const test = pushButton(this._trans.__('Test'), () => {
      said.textContent = this._trans.__('Asking…');
      this._models.check(connection).then(
        checked => this._sayRow(connection, `${checked.detail} ${checked.remedy ?? ''}`),
        error => this._sayRow(connection, reason(error))
      );
    });
    const row = el('div', 'nx-Models-row', el('strong', '', name), el('span', '', about), test);
    row.dataset.connection = connection;
    if (forget) {
      row.append(
        pushButton(this._trans.__('Forget %1', name), forget, {
          icon: closeIcon,
          isIconOnly: true
        })
      );
    }
    row.append(said);
    said.textContent = this._saidOf.get(connection) ?? '';
    return row;
  }

  private _sayRow(connection: string, text: string): void {
    this._saidOf.set(connection, text.trim());
    this._showKeys();
    this._showServers();
  }

  private _serverForm(): HTMLElement {
    const name = el('input', 'jp-mod-styled');
    name.placeholder = this._trans.__('office');
    const address = el('input', 'jp-mod-styled');
    address.placeholder = 'https://models.example.org/v1';
    const add = pushButton(this._trans.__('Connect'), () => undefined);
    add.type = 'submit';
    const form = el(
      'form',
      'nx-KeyForm',
      labelled(this._trans.__('Name'), name),
      labelled(this._trans.__('Address of an OpenAI-compatible server'), address),
      add
    );
    form.addEventListener('submit', event => {
      event.preventDefault();
      void this._try(async () => {
        const checked = await this._models.addServer(name.value.trim(), address.value.trim());
        this._sayRow(name.value.trim(), `${checked.detail} ${checked.remedy ?? ''}`);
        name.value = address.value = '';
      });
    });
    return form;
  }

  private _budgetForm(): HTMLElement {
    this._budget = el('input', 'jp-mod-styled');
    this._budget.type = 'number';
    this._budget.min = '0';
    this._budget.step = '0.01';
    this._budget.placeholder = this._trans.__('no limit');
    const set = pushButton(this._trans.__('Set'), () => undefined);
    set.type = 'submit';
    const form = el(
      'form',
      'nx-KeyForm',
      labelled(this._trans.__('The most to spend a day, in US dollars'), this._budget),
      set
    );
    form.addEventListener('submit', event => {
      event.preventDefault();
      const text = this._budget?.value.trim() ?? '';
      const tokens = this._models.usage?.budget.tokens ?? null;
      const money = text === '' ? null : Number(text);
      void this._try(() => this._models.setBudget({ tokens, money }));
    });
    return form;
  }

  private _showSpending(): void {
    const usage = this._models.usage;
    if (!usage) {
      this._spent.textContent = '';
      return;
    }
    this._spent.textContent = this._trans.__(
      'Today: %1 calls, %2 tokens, %3.',
      usage.calls.toLocaleString(),
      usage.tokens.toLocaleString(),
      dollars(usage.money)
    );
    const money = usage.budget.money;
    if (this._budget && document.activeElement !== this._budget) {
      this._budget.value = typeof money === 'number' ? String(money) : '';
    }
  }

  private _isLoaded = false;
  private _budget: HTMLInputElement | null = null;
  private readonly _saidOf = new Map<string, string>();
  private readonly _said: HTMLElement;
  private readonly _filter: HTMLInputElement;
  private readonly _list: HTMLElement;
  private readonly _keys: HTMLElement;
  private readonly _servers: HTMLElement;
  private readonly _spent: HTMLElement;
}

function section(title: string, ...children: HTMLElement[]): Widget {
  return new Widget({ node: el('div', 'nx-Models-section', el('h2', '', title), ...children) });
}
