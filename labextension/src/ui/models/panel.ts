/** The models: which is in use, keys, servers, what was spent. */
import { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, refreshIcon } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { PanelLayout, Widget } from '@lumino/widgets';
import { IConnectionInfo } from '../../api/generated';
import { IModels } from '../../core/models';
import { dollars } from '../../core/money';
import { el, labelled, pushButton, reason } from '../dom';
import { ModelChoices } from './choices';
import { KeyForm } from './keyForm';

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
    this._choices = new ModelChoices(
      _models,
      _trans,
      model => void this._try(() => _models.choose(model))
    );
    this._findings = el('span', 'nx-said');
    this._findings.setAttribute('role', 'status');
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
    this._choices.isLoaded = true;
    this._show();
  }

  /** Do something; say what went wrong. */
  private async _try(work: () => Promise<unknown>): Promise<void> {
    this._said.textContent = this._findings.textContent = ''; // they told of how things were
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
    this._choices.find.append(refresh);
    return el(
      'div',
      'nx-Models-section',
      el('h2', '', this._trans.__('Model')),
      this._said,
      this._choices.node,
      el(
        'div',
        'nx-Models-check',
        pushButton(this._trans.__('Would it answer?'), () => void this._examine()),
        this._findings
      )
    );
  }

  /** Look at every step between the owner and an answer, at no cost. */
  private async _examine(): Promise<void> {
    this._findings.textContent = this._trans.__('Looking, at no cost…');
    try {
      const findings = await this._models.readiness();
      const failed = findings.find(finding => !finding.ok);
      this._findings.dataset.problem = String(failed !== undefined);
      this._findings.textContent = failed
        ? [`${failed.name}: ${failed.detail}.`, failed.remedy].filter(Boolean).join(' ')
        : this._trans.__('Yes: %1.', findings.map(finding => finding.detail).join('; '));
    } catch (error) {
      this._findings.dataset.problem = 'true';
      this._findings.textContent = reason(error);
    }
  }

  private _show(): void {
    this._choices.draw();
    this._showKeys();
    this._showServers();
    this._showSpending();
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
    this._budget.step = 'any';
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
      void this._try(async () => {
        await this._models.setBudget({ tokens, money });
        set.textContent = this._trans.__('Set ✓');
        setTimeout(() => (set.textContent = this._trans.__('Set')), 2000);
      });
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

  private _budget: HTMLInputElement | null = null;
  private readonly _saidOf = new Map<string, string>();
  private readonly _said: HTMLElement;
  private readonly _choices: ModelChoices;
  private readonly _findings: HTMLElement;
  private readonly _keys: HTMLElement;
  private readonly _servers: HTMLElement;
  private readonly _spent: HTMLElement;
}

function section(title: string, ...children: HTMLElement[]): Widget {
  return new Widget({ node: el('div', 'nx-Models-section', el('h2', '', title), ...children) });
}
