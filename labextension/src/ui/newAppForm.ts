/** The form of a new app: what it does, over which table, under which name. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

/** What the owner filled in. */
export interface INewAppOrder {
  prompt: string;
  data: string[];
  name: string;
}

/** Description, data file, name; only the description must be given. */
export class NewAppForm extends Widget {
  constructor(files: string[], trans: TranslationBundle) {
    super();
    this.addClass('nx-NewAppForm');
    this._prompt = document.createElement('textarea');
    this._prompt.rows = 3;
    this._prompt.maxLength = 20000;
    this._prompt.placeholder = trans.__('compare body mass by species');
    this._prompt.className = 'jp-mod-styled';
    this._data = document.createElement('select');
    this._data.className = 'jp-mod-styled';
    this._data.append(new Option(trans.__('No table'), ''));
    for (const file of files) {
      this._data.append(new Option(file, file));
    }
    if (files.length > 0) {
      this._data.value = files[0];
    }
    this._name = document.createElement('input');
    this._name.className = 'jp-mod-styled';
    this._name.placeholder = trans.__('made from the title');
    this._name.pattern = '[a-z0-9][a-z0-9-]*';
    this._name.title = trans.__('Small letters, digits and dashes');
    this.node.append(
      field(trans.__('What should the app do?'), this._prompt),
      field(trans.__('Table'), this._data),
      field(trans.__('Name (optional)'), this._name)
    );
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    // The dialog's own button: an empty sentence builds nothing.
    const accept = this.node
      .closest('.jp-Dialog')
      ?.querySelector<HTMLButtonElement>('.jp-mod-accept');
    const check = (): void => {
      accept?.toggleAttribute('disabled', this._prompt.value.trim() === '');
    };
    this._prompt.addEventListener('input', check);
    check();
  }

  /** What the owner filled in. */
  getValue(): INewAppOrder {
    const data = this._data.value ? [this._data.value] : [];
    return { prompt: this._prompt.value.trim(), data, name: this._name.value.trim() };
  }

  private readonly _prompt: HTMLTextAreaElement;
  private readonly _data: HTMLSelectElement;
  private readonly _name: HTMLInputElement;
}

function field(label: string, input: HTMLElement): HTMLElement {
  const node = document.createElement('label');
  const text = document.createElement('span');
  text.textContent = label;
  node.append(text, input);
  return node;
}
