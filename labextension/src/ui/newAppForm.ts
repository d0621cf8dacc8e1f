/** The form of a new app: what it does, over which table, under which name. */
import { TranslationBundle } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { IUploadTarget, uploadFile } from '../core/upload';

/** What the file dialog of the owner's machine offers; the server looks at what comes. */
const TABLES = '.csv,.tsv,.txt,.tab,.xlsx,.xlsm,.xls,.xlsb,.ods,.json,.jsonl,.ndjson,.parquet,.pq';

/** What the owner filled in. */
export interface INewAppOrder {
  prompt: string;
  data: string[];
  name: string;
}

/** Description, data file, name; only the description must be given. */
export class NewAppForm extends Widget {
  constructor(
    files: string[],
    private readonly _contents: IUploadTarget,
    private readonly _trans: TranslationBundle
  ) {
    super();
    const trans = _trans;
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
    this._picker = document.createElement('input');
    this._picker.type = 'file';
    this._picker.accept = TABLES;
    this._picker.hidden = true;
    this._picker.addEventListener('change', () => void this._upload());
    this._choose = document.createElement('button');
    this._choose.type = 'button';
    this._choose.className = 'nx-CanvasBar-button';
    this._choose.textContent = trans.__('Upload…');
    this._choose.addEventListener('click', () => this._picker.click());
    this._said = document.createElement('span');
    this._said.className = 'nx-NewAppForm-said';
    this._said.setAttribute('role', 'status');
    const table = document.createElement('div');
    table.className = 'nx-NewAppForm-table';
    table.append(field(trans.__('Table'), this._data), this._choose, this._picker);
    this._name = document.createElement('input');
    this._name.className = 'jp-mod-styled';
    this._name.placeholder = trans.__('made from the title');
    this._name.pattern = '[a-z0-9][a-z0-9-]*';
    this._name.title = trans.__('Small letters, digits and dashes');
    this.node.append(
      field(trans.__('What should the app do?'), this._prompt),
      table,
      this._said,
      field(trans.__('Name (optional)'), this._name)
    );
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    // The dialog's own button: an empty sentence builds nothing.
    const accept = this.node
      .closest('.jp-Dialog')
      ?.querySelector<HTMLButtonElement>('.jp-mod-accept');
    this._check = () => {
      const isReady = this._prompt.value.trim() !== '' && !this._choose.disabled;
      accept?.toggleAttribute('disabled', !isReady);
    };
    this._prompt.addEventListener('input', this._check);
    this._check();
  }

  /** What the owner filled in. */
  getValue(): INewAppOrder {
    const data = this._data.value ? [this._data.value] : [];
    return { prompt: this._prompt.value.trim(), data, name: this._name.value.trim() };
  }

  /** Bring the chosen file here, and choose it. */
  private async _upload(): Promise<void> {
    const file = this._picker.files?.[0];
    if (!file) {
      return;
    }
    const say = (share: number): void => {
      const percent = `${Math.floor(share * 100)} %`;
      this._said.textContent = this._trans.__('Uploading %1: %2', file.name, percent);
    };
    this._choose.disabled = true;
    this._check();
    say(0);
    try {
      const path = await uploadFile(this._contents, file, say);
      this._data.append(new Option(path, path));
      this._data.value = path;
      this._said.textContent = '';
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this._said.textContent = this._trans.__('%1 could not be uploaded: %2', file.name, why);
    }
    this._picker.value = ''; // so that the same file can be chosen again
    this._choose.disabled = false;
    this._check();
  }

  private _check: () => void = () => undefined;
  private readonly _picker: HTMLInputElement;
  private readonly _choose: HTMLButtonElement;
  private readonly _said: HTMLElement;
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
