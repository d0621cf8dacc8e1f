/** From a widget model to its element. */
import type { IAppContext } from '../context';
import { h } from '../dom';
import type { WidgetModel } from '../models/model';
import { Scope } from '../scope';
import { t } from '../strings';
import { applyLayout } from './layout';
import { applyStyle } from './style';

/** What a view factory gets beside its model. */
export interface IView {
  /** The running client. */
  app: IAppContext;
  /** Ends with the view. */
  scope: Scope;
  /** Make the view of a child, given by reference. */
  child(reference: unknown): HTMLElement;
}

/** Makes the element of a model. */
export type ViewFactory = (model: WidgetModel, view: IView) => HTMLElement;

const factories = new Map<string, ViewFactory>();

/** Say who makes the views of these names. */
export function register(views: Record<string, ViewFactory>): void {
  Object.entries(views).forEach(([name, factory]) => factories.set(name, factory));
}

const MODULES = new Set([
  '@jupyter-widgets/controls',
  '@jupyter-widgets/base',
  '@jupyter-widgets/output',
  'anywidget'
]);

/** A calm card in place of something that cannot be shown. */
export function card(title: string, detail = ''): HTMLElement {
  const element = h('div', { class: 'nx-card', role: 'note' }, h('strong', {}, title));
  if (detail !== '') {
    element.append(h('span', { class: 'nx-muted' }, detail));
  }
  return element;
}

/** In place of a widget that no kernel has; the page says why, once. */
export function gone(): HTMLElement {
  const element = card(t('widgetGone'));
  element.classList.add('nx-gone');
  return element;
}

function makeElement(model: WidgetModel, view: IView): HTMLElement {
  const name = model.view ?? model.name;
  const module = String(model.get('_view_module') ?? model.module);
  const factory = MODULES.has(module) ? factories.get(name) : undefined;
  if (factory === undefined) {
    view.app.problem(`${t('unknownWidget')}: ${name} (${module})`);
    return card(t('unknownWidget'), `${name} · ${module}`);
  }
  return factory(model, view);
}

/** Run `update` now and whenever one of `keys` changes. */
export function bind(model: WidgetModel, keys: string[], scope: Scope, update: () => void): void {
  keys.forEach(key => scope.add(model.on(`change:${key}`, update)));
  update();
}

/** Make the view of `model`; it ends with `parent` or with the model. */
export function createView(model: WidgetModel, app: IAppContext, parent: Scope): HTMLElement {
  const scope = parent.child();
  const view: IView = {
    app,
    scope,
    child: reference => {
      const child = app.store.find(reference);
      return child === null ? gone() : createView(child, app, scope);
    }
  };
  let element: HTMLElement;
  try {
    element = makeElement(model, view);
  } catch (error) {
    app.problem(String(error));
    element = card(t('unknownWidget'), String(error));
  }
  element.classList.add('nx-widget');
  element.dataset.view = model.view ?? model.name;
  element.dataset.model = model.id;
  let classes: string[] = [];
  bind(model, ['_dom_classes'], scope, () => {
    element.classList.remove(...classes);
    classes = model
      .list('_dom_classes')
      .map(String)
      .filter(name => /^[^\s]+$/.test(name));
    element.classList.add(...classes);
  });
  bind(model, ['tooltip'], scope, () => {
    const tooltip = model.str('tooltip');
    if (tooltip !== '') {
      element.title = tooltip;
    }
  });
  applyLayout(element, model, view);
  applyStyle(element, model, view);
  scope.add(
    model.on('destroy', () => {
      scope.dispose();
      element.remove();
    })
  );
  return element;
}
