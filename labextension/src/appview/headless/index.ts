/** The client without a browser: draws cells in a bare V8 and says what came of it. */
// First: libraries look for timers as they load.
import { settle } from './globals';
import type { ICell, IInitMessage, IModelState, IReport } from '../../core/protocol';
import { App, IEnvironment } from '../app';
import * as chart from '../chart';
import { inspect } from '../inspect';
import { registerWidgets } from '../widgets';
import { installDocument } from './document';

const CHART = 'chart';

/** Long enough for every delay of the client; it is virtual time and costs nothing. */
const SPAN = 5000;

interface IRequest {
  cells: ICell[];
  /** Buffers are base64 here: the request is JSON. */
  models: Record<string, Omit<IModelState, 'buffers'> & { buffers?: string[] }>;
}

interface IState {
  report: IReport | null;
  failure: string | null;
  html: string;
}

const state: IState = { report: null, failure: null, html: '' };

const INIT: IInitMessage = {
  type: 'init',
  title: '',
  description: '',
  layout: 'column',
  theme: { dark: false, vars: {} },
  source: { appview: '' },
  strings: {}
};

function statesOf(models: IRequest['models']): Record<string, IModelState> {
  const bytes = (text: string): ArrayBuffer =>
    Uint8Array.from(atob(text), letter => letter.charCodeAt(0)).buffer as ArrayBuffer;
  return Object.fromEntries(
    Object.entries(models).map(([id, model]) => [
      id,
      { ...model, buffers: (model.buffers ?? []).map(bytes) }
    ])
  );
}

async function render(request: IRequest): Promise<void> {
  const document = installDocument();
  registerWidgets();
  const environment: IEnvironment = {
    post: message => {
      if (message.type === 'need') {
        // The reply comes later, as it does through a port.
        setTimeout(() => app.receive({ type: 'module', name: CHART, source: CHART }));
      }
    },
    // A widget's own module needs a real browser; it counts as present.
    importModule: async source => (source === CHART ? chart : { default: {} })
  };
  const app = new App(INIT, environment);
  document.body.append(app.page.root);
  app.receive({ type: 'status', state: 'idle' });
  app.receive({ type: 'models', states: statesOf(request.models) });
  app.receive({ type: 'outputs', cells: request.cells });
  await settle(SPAN);
  state.report = inspect(app.page.root, [...app.errors]);
  state.html = app.page.root.outerHTML;
}

Object.assign(globalThis, {
  /** Draw a request given as JSON; the result is there when the microtasks are done. */
  nexusRender: (json: string): void => {
    render(JSON.parse(json) as IRequest).catch(error => {
      state.failure = String((error as Error)?.stack ?? error);
    });
  },
  /** Give the result as JSON. */
  nexusResult: (): string => JSON.stringify({ report: state.report, failure: state.failure }),
  /** Give the page's HTML, for a person who wonders. */
  nexusHtml: (): string => state.html
});
