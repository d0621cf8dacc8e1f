/** One of several, or some of several. */
import { h, setAttributes, uid } from '../dom';
import type { WidgetModel } from '../models/model';
import { t } from '../strings';
import { bindDisabled, field } from './field';
import { bind, IView, ViewFactory } from './view';

function labels(model: WidgetModel): string[] {
  return model.list('_options_labels').map(String);
}

function dropdown(model: WidgetModel, view: IView): HTMLElement {
  const select = h('select', { class: 'nx-input nx-select' });
  const { root } = field(model, view, select);
  bind(model, ['_options_labels', 'index'], view.scope, () => {
    const index = model.get('index');
    const options = labels(model).map((text, value) =>
      h('option', { value, selected: value === index }, text)
    );
    if (index == null) {
      const attributes = { value: -1, disabled: true, hidden: true, selected: true };
      options.unshift(h('option', attributes, t('noChoice')));
    }
    select.replaceChildren(...options);
  });
  select.addEventListener('change', () => model.put({ index: Number(select.value) }));
  bindDisabled(model, view, select);
  return root;
}

function listbox(isMultiple: boolean): ViewFactory {
  return (model, view) => {
    const select = h('select', { class: 'nx-input nx-listbox', multiple: isMultiple });
    const { root } = field(model, view, select);
    bind(model, ['_options_labels', 'rows'], view.scope, () => {
      select.replaceChildren(...labels(model).map((text, value) => h('option', { value }, text)));
      // A size of 1 would turn a list into a dropdown.
      select.size = Math.max(2, model.num('rows', 5) || Math.min(10, labels(model).length));
    });
    bind(model, ['index', '_options_labels'], view.scope, () => {
      const chosen = isMultiple ? model.list('index').map(Number) : [model.get('index')];
      Array.from(select.options).forEach((option, value) => {
        option.selected = chosen.includes(value);
      });
    });
    select.addEventListener('change', () => {
      const chosen = Array.from(select.selectedOptions, option => Number(option.value));
      model.put({ index: isMultiple ? chosen : (chosen[0] ?? null) });
    });
    bindDisabled(model, view, select);
    return root;
  };
}

function radios(model: WidgetModel, view: IView): HTMLElement {
  const group = h('div', { class: 'nx-radios', role: 'radiogroup' });
  const { root } = field(model, view, group, true);
  const name = uid('radio');
  bind(model, ['_options_labels', 'index', 'disabled', 'orientation'], view.scope, () => {
    const focused = (document.activeElement as HTMLInputElement | null)?.name === name;
    const inputs = labels(model).map((text, value) => {
      const input = h('input', {
        type: 'radio',
        name,
        value,
        disabled: model.is('disabled'),
        checked: model.get('index') === value
      });
      input.addEventListener('change', () => model.put({ index: value }));
      return { input, row: h('label', { class: 'nx-option' }, input, h('span', {}, text)) };
    });
    group.classList.toggle('nx-row', model.get('orientation') === 'horizontal');
    group.replaceChildren(...inputs.map(({ row }) => row));
    if (focused) {
      inputs.find(({ input }) => input.checked)?.input.focus();
    }
  });
  return root;
}

/** Move the focus in a group of buttons with the arrow keys; gives the index to choose. */
export function arrowKey(event: KeyboardEvent, index: number, count: number): number | null {
  const steps: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  if (event.key in steps && count > 0) {
    event.preventDefault();
    return (index + steps[event.key] + count) % count;
  }
  if (event.key === 'Home' || event.key === 'End') {
    event.preventDefault();
    return event.key === 'Home' ? 0 : count - 1;
  }
  return null;
}

function toggleButtons(model: WidgetModel, view: IView): HTMLElement {
  const group = h('div', { class: 'nx-segments', role: 'radiogroup' });
  const { root } = field(model, view, group, true);
  let buttons: HTMLButtonElement[] = [];
  const mark = (): void => {
    const index = model.get('index');
    buttons.forEach((button, value) => {
      setAttributes(button, { 'aria-checked': String(index === value) });
      button.tabIndex = index === value || (index == null && value === 0) ? 0 : -1;
      button.disabled = model.is('disabled');
    });
  };
  bind(model, ['_options_labels', 'tooltips', 'button_style'], view.scope, () => {
    buttons = labels(model).map((text, value) => {
      const title = model.list('tooltips')[value];
      const button = h('button', { type: 'button', role: 'radio', class: 'nx-segment' }, text);
      if (title) {
        button.title = String(title);
      }
      button.addEventListener('click', () => model.put({ index: value }));
      button.addEventListener('keydown', event => {
        const next = arrowKey(event, value, buttons.length);
        if (next !== null) {
          model.put({ index: next });
          buttons[next].focus();
        }
      });
      return button;
    });
    group.dataset.tone = model.str('button_style');
    group.replaceChildren(...buttons);
    mark();
  });
  bind(model, ['index', 'disabled'], view.scope, mark);
  return root;
}

/** The choice views by name. */
export const choices: Record<string, ViewFactory> = {
  DropdownView: dropdown,
  SelectView: listbox(false),
  SelectMultipleView: listbox(true),
  RadioButtonsView: radios,
  ToggleButtonsView: toggleButtons
};
