/** Charts in notebooks, drawn by the app view's own chart module, so that both look the same. */
import { IThemeManager } from '@jupyterlab/apputils';
import { IRenderMime } from '@jupyterlab/rendermime';
import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { readTheme } from '../core/theme';

/** The types it draws. */
export const CHART_TYPES = [
  'application/vnd.vegalite.v5+json',
  'application/vnd.vegalite.v6+json',
  'application/vnd.vega.v5+json',
  'application/vnd.vega.v6+json'
];

/**
 * Draws a chart once it has a width.
 *
 * JupyterLab's own renderer adds a picture to the output it shows; inside an Output widget that is a
 * change, which makes the widget draw again, and so on without end.
 */
export class ChartRenderer extends Widget implements IRenderMime.IRenderer {
  constructor(
    private readonly _mime: string,
    private readonly _themes: IThemeManager | null
  ) {
    super();
    this.addClass('nx-ChartRenderer');
    this._themes?.themeChanged.connect(this._redraw, this);
    this._observer = new ResizeObserver(() => this._draw());
    this._observer.observe(this.node);
  }

  /** Draw the chart. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this._spec = model.data[this._mime];
    await this._redraw();
  }

  /** Let go of the chart. */
  override dispose(): void {
    if (!this.isDisposed) {
      this._observer.disconnect();
      this._themes?.themeChanged.disconnect(this._redraw, this);
      this._remove?.();
      super.dispose();
    }
  }

  protected override onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    void this._draw();
  }

  private async _redraw(): Promise<void> {
    this._isDrawn = false;
    await this._draw();
  }

  private async _draw(): Promise<void> {
    if (this._isDrawn || this._spec === undefined || this.node.clientWidth === 0) {
      return; // a hidden notebook has no width; it draws when it is shown
    }
    this._isDrawn = true;
    const { draw } = await import('../appview/chart');
    const canvas = document.createElement('div');
    this._remove?.();
    this._remove = null;
    this.node.replaceChildren(canvas);
    const problem = (message: string): void => {
      this.node.textContent = message;
    };
    try {
      const isLite = this._mime.includes('vegalite');
      this._remove = await draw(canvas, this._spec, {
        isLite,
        theme: readTheme(this._themes),
        problem
      });
    } catch (error) {
      problem(String(error));
    }
  }

  private _spec: unknown;
  private _isDrawn = false;
  private _remove: (() => void) | null = null;
  private readonly _observer: ResizeObserver;
}
