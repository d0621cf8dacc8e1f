/** Containers: boxes, tabs, accordion, stack. */
import { h, setAttributes, uid } from '../dom';
import type { WidgetModel } from '../models/model';
import { t } from '../strings';
import { arrowKey } from './choices';
import { bind, createView, IView, ViewFactory } from './view';

/** Make the children's elements anew whenever `children` changes. */
function bindChildren(
  model: WidgetModel,
  view: IView,
  place: (elements: HTMLElement[]) => void
): void {
  let scope = view.scope.child();
  bind(model, ['children'], view.scope, () => {
    scope.dispose();
    scope = view.scope.child();
    place(
      model.list('children').map(reference => {
        const child = view.app.store.find(reference);
        return child === null ? h('div', {}) : createView(child, view.app, scope);
      })
    );
  });
}

function box(className: string): ViewFactory {
  return (model, view) => {
    const element = h('div', { class: `nx-box ${className}` });
    bindChildren(model, view, elements => element.replaceChildren(...elements));
    bind(model, ['box_style'], view.scope, () => {
      element.dataset.tone = model.str('box_style');
    });
    return element;
  };
}

function titleOf(model: WidgetModel, index: number): string {
  const legacy = model.get('_titles') as Record<string, string> | undefined;
  return String(model.list('titles')[index] || legacy?.[index] || `${t('part')} ${index + 1}`);
}

function accordion(model: WidgetModel, view: IView): HTMLElement {
  const element = h('div', { class: 'nx-accordion' });
  let parts: HTMLDetailsElement[] = [];
  const mark = (): void => {
    parts.forEach((part, index) => {
      part.open = model.get('selected_index') === index;
    });
  };
  const name = (): void => {
    parts.forEach((part, index) => {
      (part.firstElementChild as HTMLElement).textContent = titleOf(model, index);
    });
  };
  bindChildren(model, view, elements => {
    parts = elements.map((child, index) => {
      const part = h(
        'details',
        { class: 'nx-fold' },
        h('summary', {}),
        h('div', { class: 'nx-fold-body' }, child)
      );
      part.addEventListener('toggle', () => {
        const isSelected = model.get('selected_index') === index;
        if (part.open !== isSelected) {
          model.put({ selected_index: part.open ? index : null });
        }
      });
      return part;
    });
    name();
    mark();
    element.replaceChildren(...parts);
  });
  bind(model, ['titles', '_titles'], view.scope, name);
  bind(model, ['selected_index'], view.scope, mark);
  return element;
}

function tabs(model: WidgetModel, view: IView): HTMLElement {
  const list = h('div', { class: 'nx-tablist', role: 'tablist' });
  const body = h('div', { class: 'nx-tab-body' });
  let buttons: HTMLButtonElement[] = [];
  let panels: HTMLElement[] = [];
  const mark = (): void => {
    const selected = model.num('selected_index', 0);
    buttons.forEach((button, index) => {
      button.textContent = titleOf(model, index);
      setAttributes(button, { 'aria-selected': String(index === selected) });
      button.tabIndex = index === selected ? 0 : -1;
    });
    panels.forEach((panel, index) => {
      panel.hidden = index !== selected;
    });
  };
  bindChildren(model, view, elements => {
    panels = elements.map(child => {
      const panel = h('div', { class: 'nx-panel', role: 'tabpanel', id: uid('panel') });
      panel.append(child);
      return panel;
    });
    buttons = panels.map((panel, index) => {
      const id = uid('tab');
      const button = h('button', { type: 'button', role: 'tab', class: 'nx-tab', id });
      button.setAttribute('aria-controls', panel.id);
      panel.setAttribute('aria-labelledby', id);
      button.addEventListener('click', () => model.put({ selected_index: index }));
      button.addEventListener('keydown', event => {
        const next = arrowKey(event, index, buttons.length);
        if (next !== null) {
          model.put({ selected_index: next });
          buttons[next].focus();
        }
      });
      return button;
    });
    list.replaceChildren(...buttons);
    body.replaceChildren(...panels);
    mark();
  });
  bind(model, ['titles', '_titles', 'selected_index'], view.scope, mark);
  return h('div', { class: 'nx-tabs' }, list, body);
}

function stack(model: WidgetModel, view: IView): HTMLElement {
  const element = h('div', { class: 'nx-stack' });
  let elements: HTMLElement[] = [];
  const mark = (): void =>
    elements.forEach((child, index) => {
      child.classList.toggle('nx-off', model.get('selected_index') !== index);
    });
  bindChildren(model, view, children => {
    elements = children;
    element.replaceChildren(...children);
    mark();
  });
  bind(model, ['selected_index'], view.scope, mark);
  return element;
}

/** The container views by name. */
export const boxes: Record<string, ViewFactory> = {
  BoxView: box('nx-hbox'),
  HBoxView: box('nx-hbox'),
  VBoxView: box('nx-vbox'),
  GridBoxView: box('nx-gridbox'),
  AccordionView: accordion,
  TabView: tabs,
  StackView: stack
};
