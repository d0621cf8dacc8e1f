/** Vega and Vega-Lite charts, drawn by the chart module. */
import type { JsonObject } from '../../core/protocol';
import { h } from '../dom';
import { t } from '../strings';
import { card } from '../widgets/view';
import type { IRendered, IRenderRequest } from './bundle';

function nameOf(spec: JsonObject): string {
  const title = spec.title as string | { text?: string | string[] } | undefined;
  const text = typeof title === 'object' ? title?.text : title;
  return String(spec.description ?? (Array.isArray(text) ? text.join(' ') : text) ?? t('chart'));
}

/** Draw a chart, and again when the colours change. */
export function renderChart({ mime, value, app, scope }: IRenderRequest): IRendered {
  const spec = value as JsonObject;
  const element = h('figure', { class: 'nx-chart', 'aria-label': nameOf(spec) });
  let remove = (): void => undefined;
  const draw = async (): Promise<void> => {
    try {
      const chart = await app.chart();
      if (scope.isDisposed) {
        return;
      }
      const canvas = h('div', { class: 'nx-canvas' });
      const old = element.firstChild;
      element.append(canvas);
      const options = {
        isLite: mime.includes('vegalite'),
        theme: app.theme,
        problem: (message: string) => app.problem(message)
      };
      const removeNew = await chart.draw(canvas, spec, options);
      remove();
      old?.remove();
      remove = removeNew;
      if (scope.isDisposed) {
        remove();
      }
    } catch (error) {
      app.problem(`${t('chartFailed')} ${String(error)}`);
      element.replaceChildren(card(t('chartFailed'), String(error)));
    }
  };
  scope.add(() => remove());
  scope.add(app.onTheme(() => void draw()));
  return { element, ready: draw() };
}
