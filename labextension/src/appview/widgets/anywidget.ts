/** anywidget: a widget that brings its own ES module (the AFM interface). */
import { h } from '../dom';
import type { IAppContext } from '../context';
import type { Listener, WidgetModel } from '../models/model';
import { Scope } from '../scope';
import { t } from '../strings';
import { bind, card, createView, IView, ViewFactory } from './view';

type Cleanup = (() => unknown) | undefined;

interface IDefinition {
  initialize?(props: Record<string, unknown>): unknown;
  render?(props: Record<string, unknown>): unknown;
}

/** What a widget's module sees of its model. */
function proxy(model: WidgetModel, app: IAppContext, scope: Scope): Record<string, unknown> {
  const own: [string, Listener][] = [];
  scope.add(() => own.forEach(([event, listener]) => model.off(event, listener)));
  const off = (event?: string | null, listener?: Listener | null): void => {
    own
      .filter(([name, one]) => (event == null || name === event) && (!listener || one === listener))
      .forEach(([name, one]) => model.off(name, one));
  };
  return {
    get: (key: string) => model.get(key),
    set: (key: string, value: unknown) => model.set({ [key]: value }),
    save_changes: () => model.save(),
    send: (content: unknown, _callbacks?: unknown, buffers?: unknown[]) => {
      model.send(content, buffers);
    },
    on: (events: string, listener: Listener) => {
      for (const event of events.split(/\s+/)) {
        own.push([event, listener]);
        model.on(event, listener);
      }
    },
    off,
    widget_manager: {
      get_model: async (id: string) => proxy(await app.store.wait(id), app, scope)
    }
  };
}

/** Ask the kernel side of an anywidget to run a command (`experimental.invoke`). */
function invoke(model: WidgetModel): unknown {
  return (name: string, msg: unknown, options: { buffers?: unknown[] } = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = Math.random().toString(36).slice(2);
      const stop = model.on('msg:custom', (content, buffers) => {
        const reply = content as { id?: string; response?: unknown };
        if (reply.id === id) {
          clearTimeout(timer);
          stop();
          resolve([reply.response, buffers]);
        }
      });
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`The command ${name} got no answer.`));
      }, 3000);
      model.send({ id, kind: 'anywidget-command', name, msg }, options.buffers);
    });
}

/** What a module may use beside its model, to show other widgets. */
function host(app: IAppContext, scope: Scope): Record<string, unknown> {
  const idOf = (reference: unknown): string => String(reference).replace(/^anywidget:/, '');
  return {
    getModel: async (reference: unknown) =>
      proxy(await app.store.wait(idOf(reference)), app, scope),
    getWidget: async (reference: unknown) => {
      const model = await app.store.wait(idOf(reference));
      return {
        exports: (await definitionOf(model, app)).exports,
        render: async ({ el }: { el: HTMLElement }) => el.append(createView(model, app, scope))
      };
    }
  };
}

interface ILoaded {
  definition: IDefinition;
  exports: unknown;
}

const loaded = new WeakMap<
  WidgetModel,
  { source: string; promise: Promise<ILoaded>; scope: Scope }
>();

function runCleanup(value: unknown): void {
  if (typeof value === 'function') {
    void Promise.resolve()
      .then(() => (value as Exclude<Cleanup, undefined>)())
      .catch(error => console.warn(error));
  }
}

async function load(
  model: WidgetModel,
  app: IAppContext,
  source: string,
  scope: Scope
): Promise<ILoaded> {
  const module = (await app.importModule(source)) as Record<string, unknown>;
  let definition = (module.default ?? module) as IDefinition | (() => Promise<IDefinition>);
  if (typeof definition === 'function') {
    definition = await definition();
  }
  const controller = new AbortController();
  scope.add(() => controller.abort());
  const result = await definition.initialize?.({
    model: proxy(model, app, scope),
    signal: controller.signal,
    experimental: { invoke: invoke(model) }
  });
  scope.add(() => runCleanup(result));
  const isExports = typeof result === 'object' && result !== null;
  return { definition, exports: isExports ? result : undefined };
}

/** Import and initialize a model's module once; a new source starts it anew. */
function definitionOf(model: WidgetModel, app: IAppContext): Promise<ILoaded> {
  const source = model.str('_esm');
  const known = loaded.get(model);
  if (known?.source === source) {
    return known.promise;
  }
  known?.scope.dispose();
  const scope = new Scope();
  const promise = load(model, app, source, scope);
  loaded.set(model, { source, promise, scope });
  model.on('destroy', () => scope.dispose());
  return promise;
}

/** Say what went wrong in words a person can use. */
function failureCard(model: WidgetModel, error: unknown): HTMLElement {
  const wantsNetwork = /\bfrom\s*["']https?:|\bimport\s*\(?\s*["']https?:/.test(model.str('_esm'));
  return card(wantsNetwork ? t('esmNetwork') : t('esmFailed'), String(error));
}

function render(model: WidgetModel, view: IView): HTMLElement {
  const element = h('div', { class: 'nx-anywidget' });
  const style = h('style');
  bind(model, ['_css'], view.scope, () => {
    style.textContent = model.str('_css');
  });
  let scope = view.scope.child();
  const start = async (): Promise<void> => {
    scope.dispose();
    const current = (scope = view.scope.child());
    const target = h('div', { class: 'nx-esm' });
    element.replaceChildren(style, target);
    try {
      const { definition } = await definitionOf(model, view.app);
      if (current.isDisposed) {
        return;
      }
      const controller = new AbortController();
      current.add(() => controller.abort());
      const cleanup = await definition.render?.({
        model: proxy(model, view.app, current),
        el: target,
        signal: controller.signal,
        host: host(view.app, current),
        experimental: { invoke: invoke(model) }
      });
      current.add(() => runCleanup(cleanup));
    } catch (error) {
      if (!current.isDisposed) {
        view.app.problem(`${model.view}: ${String(error)}`);
        element.replaceChildren(failureCard(model, error));
      }
    }
  };
  bind(model, ['_esm'], view.scope, () => void start());
  return element;
}

/** The anywidget view by name. */
export const anywidgets: Record<string, ViewFactory> = { AnyView: render };
