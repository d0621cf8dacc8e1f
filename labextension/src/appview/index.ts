/** The app client: started by the frame's bootstrap with the port to its host. */
import type { ClientMessage, HostMessage, IInitMessage } from '../core/protocol';
import { App } from './app';
import { fileOf } from './download';
import { setStrings } from './strings';
import style from './style.css';
import { registerWidgets } from './widgets';

async function importModule(source: string): Promise<unknown> {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  try {
    return await import(/* webpackIgnore: true */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Start the client in this document. */
export function start(port: MessagePort, init: IInitMessage): App {
  const post = (message: ClientMessage): void => port.postMessage(message);
  const sheet = document.createElement('style');
  sheet.textContent = style;
  document.head.append(sheet);
  registerWidgets();
  setStrings(init.strings);
  document.title = init.title;
  const app = new App(init, { post, importModule });
  document.body.append(app.page.root);

  // A link would take the frame away from its app, and nothing but the app may show in it.
  document.addEventListener('click', event => {
    const link = (event.target as Element | null)?.closest?.('a[href]');
    const file = link && fileOf(link);
    if (file) {
      port.postMessage(file, [file.bytes]);
    }
    if (file || (link && !(link.getAttribute('href') ?? '').startsWith('#'))) {
      event.preventDefault();
    }
  });
  addEventListener('error', event => app.problem(String(event.message)));
  addEventListener('unhandledrejection', event => app.problem(String(event.reason)));

  let height = 0;
  const observer = new ResizeObserver(() => {
    const next = Math.ceil(app.page.root.getBoundingClientRect().height);
    if (next !== height) {
      height = next;
      post({ type: 'height', px: height });
    }
  });
  observer.observe(app.page.root);

  port.onmessage = event => {
    try {
      app.receive(event.data as HostMessage);
    } catch (error) {
      console.error(error);
      post({ type: 'failure', message: String(error) });
    }
  };
  post({ type: 'ready' });
  return app;
}
