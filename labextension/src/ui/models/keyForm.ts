/** A masked field for a provider's key: what is typed is sent once and shown nowhere. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';
import { IModels } from '../../core/models';
import { el, labelled, pushButton, reason } from '../dom';

/** Choose a provider, enter a key, see whether it works. */
export class KeyForm extends Widget {
  constructor(
    private readonly _models: IModels,
    private readonly _trans: TranslationBundle,
    options: { provider?: string } = {}
  ) {
    super({ node: el('form', 'nx-KeyForm') });
    this._provider = el('select', 'jp-mod-styled');
    this._value = el('input', 'jp-mod-styled');
    this._value.type = 'password';
    this._value.autocomplete = 'off';
    this._value.spellcheck = false;
    this._value.placeholder = _trans.__('Paste the key');
    this._save = pushButton(_trans.__('Keep key'), () => undefined, { isMain: true });
    this._save.type = 'submit';
    this._said = el('div', 'nx-said');
    this._said.setAttribute('role', 'status');
    this.node.append(
      labelled(_trans.__('Provider'), this._provider),
      labelled(_trans.__('Key'), this._value),
      this._save,
      this._said
    );
    this.node.addEventListener('submit', event => {
      event.preventDefault();
      void this._keep();
    });
    this._value.addEventListener('input', () => this._check());
    const forget = (): void => {
      if (this._kept && !_models.keys.some(key => key.name === this._kept)) {
        this._kept = '';
        this._say('', true); // the key that this told of is gone
      }
    };
    _models.changed.connect(forget);
    this.disposed.connect(() => _models.changed.disconnect(forget));
    this._fill(options.provider ?? '');
    this._check();
  }

  /** Load the providers, if that was not done yet. */
  private _fill(wanted: string): void {
    const show = (): void => {
      const chosen = this._provider.value || wanted || 'openai';
      this._provider.replaceChildren(
        ...this._models.providers.map(p => new Option(p.label, p.id, false, p.id === chosen))
      );
    };
    show();
    if (this._models.providers.length === 0) {
      this._models.load().then(show, error => this._say(reason(error), false));
    }
  }

  private _check(): void {
    this._save.disabled = this._value.value.trim().length < 8;
  }

  private async _keep(): Promise<void> {
    const value = this._value.value;
    this._value.value = '';
    this._save.disabled = true;
    this._say(this._trans.__('Trying the key…'), true);
    try {
      const checked = await this._models.setKey(this._provider.value, value);
      const kept = this._trans.__('Kept, ending in %1.', value.trim().slice(-4));
      this._say([kept, checked.detail, checked.remedy].filter(Boolean).join(' '), checked.ok);
      this._kept = this._provider.value;
    } catch (error) {
      this._say(reason(error), false);
    }
    this._check();
  }

  private _say(text: string, isFine: boolean): void {
    this._said.textContent = text;
    this._said.dataset.problem = String(!isFine);
  }

  private _kept = '';
  private readonly _provider: HTMLSelectElement;
  private readonly _value: HTMLInputElement;
  private readonly _save: HTMLButtonElement;
  private readonly _said: HTMLElement;
}
