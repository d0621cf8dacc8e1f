/** Says that outputs are shown safely, and lets the owner trust the code. */
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { getJson } from '../api/client';

/** What the server knows of a kernel. */
export interface IKernelTrust {
  /** Everything it ran is trusted. */
  clean: boolean;
  /** The sandbox tier in force; empty for kernels that are not ours. */
  tier: string;
}

/** A line above the notebook while its code is not trusted. */
export class TrustBar extends Widget {
  constructor(trans: TranslationBundle) {
    super();
    this.addClass('nx-TrustBar');
    this.node.setAttribute('role', 'note');
    const text = document.createElement('span');
    text.textContent = trans.__(
      'This notebook has code you have not trusted yet: here you see text, pictures and tables; the app view shows all.'
    );
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'nx-CanvasBar-button';
    button.textContent = trans.__('Trust this code');
    button.addEventListener('click', () => this._accepted.emit());
    this.node.append(text, button);
    this.hide();
  }

  /** The owner trusts the code. */
  get accepted(): ISignal<this, void> {
    return this._accepted;
  }

  /** Return whether the kernel ran only trusted code, and how it is sandboxed. */
  ask(kernelId: string): Promise<IKernelTrust> {
    return getJson<IKernelTrust>(`trust/kernels/${encodeURIComponent(kernelId)}`);
  }

  private readonly _accepted = new Signal<this, void>(this);
}
