/** The chart module: Vega and Vega-Lite without eval and without the network. */
import * as vega from 'vega';
import { expressionInterpreter } from 'vega-interpreter';
import { compile, TopLevelSpec } from 'vega-lite';
import type { IChartOptions } from '../context';
import type { JsonObject } from '../../core/protocol';
import { chartConfig } from './config';
import { responsive } from './responsive';
import { tooltip } from './tooltip';

/** A loader that knows only what is in the spec itself. */
function inlineLoader(): vega.Loader {
  const loader = vega.loader();
  const refuse = async (uri: string): Promise<never> => {
    throw new Error(`An app has no network: ${String(uri).slice(0, 80)} was not loaded.`);
  };
  loader.load = async uri => {
    const match = /^data:([^,]*?)(;base64)?,(.*)$/s.exec(uri);
    if (match === null) {
      return refuse(uri);
    }
    const body = decodeURIComponent(match[3]);
    return match[2]
      ? new TextDecoder().decode(Uint8Array.from(atob(body), c => c.charCodeAt(0)))
      : body;
  };
  loader.sanitize = async uri => (/^data:image\//i.test(uri) ? { href: uri } : refuse(uri));
  loader.http = refuse;
  loader.file = refuse;
  return loader;
}

/** Draw `spec` into `element`; the result removes the chart. */
export async function draw(
  element: HTMLElement,
  spec: unknown,
  options: IChartOptions
): Promise<() => void> {
  const source = structuredCopy(spec as JsonObject);
  const config = chartConfig(options.theme);
  let parsed = source as unknown as vega.Spec;
  if (options.isLite) {
    const fitted = responsive(source, element);
    // The compiler's warnings are about style; what it cannot draw is an error or an empty chart.
    const logger = vega.logger(vega.Error);
    parsed = compile(fitted as unknown as TopLevelSpec, { config, logger }).spec as vega.Spec;
  }
  const runtime = vega.parse(parsed, options.isLite ? undefined : (config as vega.Config), {
    ast: true
  });
  const view = new vega.View(runtime, {
    expr: expressionInterpreter,
    loader: inlineLoader(),
    logger: reporter(options.problem),
    renderer: 'svg'
  });
  const hide = tooltip(view);
  view.initialize(element).hover();
  await view.runAsync();
  const stop = followWidth(element);
  return () => {
    stop();
    hide();
    view.finalize();
    element.remove();
  };
}

/** Report errors, and the one warning that leaves a chart without its data. */
function reporter(problem: (message: string) => void): vega.LoggerInterface {
  return vega.logger(vega.Warn, 'error', (_method, level, parts) => {
    const message = Array.from(parts).map(String).join(' ');
    if (level === 'ERROR' || message.startsWith('Loading failed')) {
      problem(message);
    }
  });
}

function structuredCopy(value: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}

/** Vega reads its container again only when the window is resized. */
function followWidth(element: HTMLElement): () => void {
  let width = element.clientWidth;
  const observer = new ResizeObserver(() => {
    if (element.clientWidth !== width) {
      width = element.clientWidth;
      requestAnimationFrame(() => window.dispatchEvent(new Event('resize')));
    }
  });
  observer.observe(element);
  return () => observer.disconnect();
}
