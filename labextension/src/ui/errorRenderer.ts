/** An error output with one thing to do about it. */
import { IRenderMime, RenderedError } from '@jupyterlab/rendermime';
import { el } from './dom';

/** The mime type of an error output; its traceback goes along as another, which alone has a text. */
export const ERROR_TYPE = 'application/vnd.jupyter.error';
const TRACEBACK_TYPE = 'application/vnd.jupyter.stderr';

/** Draws an error as JupyterLab does, with a button that has its cell fixed. */
export class ErrorWithFix extends RenderedError {
  constructor(
    options: IRenderMime.IRendererOptions,
    private readonly _label: string,
    private readonly _fix: (cell: HTMLElement) => void
  ) {
    super({ ...options, mimeType: TRACEBACK_TYPE });
  }

  /** Draw the error, then the button: not where there is no cell, as in a console. */
  override async render(model: IRenderMime.IMimeModel): Promise<void> {
    await super.render(model);
    this.node.querySelector('.nx-Fix')?.remove();
    const fix = el('button', 'nx-Fix', this._label);
    fix.type = 'button';
    fix.addEventListener('click', () => {
      const cell = this.node.closest<HTMLElement>('.jp-Notebook-cell');
      if (cell) {
        this._fix(cell);
      }
    });
    this.node.append(fix);
  }
}
