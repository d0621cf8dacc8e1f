/** Text inputs, and the widgets that only say something. */
import { h, setAttributes, uid } from '../dom';
import type { WidgetModel } from '../models/model';
import { appendAuthorHtml } from '../sanitize';
import { bindDisabled, describe, field } from './field';
import { bind, IView, ViewFactory } from './view';

type TextControl = HTMLInputElement | HTMLTextAreaElement;

function bindText(model: WidgetModel, view: IView, control: TextControl): HTMLElement {
  const { root } = field(model, view, control);
  bind(model, ['value'], view.scope, () => {
    if (control.value !== model.str('value')) {
      control.value = model.str('value');
    }
  });
  bind(model, ['placeholder'], view.scope, () =>
    setAttributes(control, { placeholder: model.str('placeholder').replace(/^\u200b$/, '') })
  );
  const commit = (): void => model.put({ value: control.value });
  control.addEventListener('change', commit);
  control.addEventListener('input', () => {
    if (model.get('continuous_update') !== false) {
      commit();
    }
  });
  bindDisabled(model, view, control);
  return root;
}

function textInput(type: 'text' | 'password'): ViewFactory {
  return (model, view) => {
    const input = h('input', { type, class: 'nx-input', autocomplete: 'off', spellcheck: 'false' });
    input.addEventListener('keydown', event => {
      if (event.key === 'Enter') {
        model.put({ value: input.value });
        model.send({ event: 'submit' });
      }
    });
    return bindText(model, view, input);
  };
}

function textarea(model: WidgetModel, view: IView): HTMLElement {
  const input = h('textarea', { class: 'nx-input' });
  bind(model, ['rows'], view.scope, () =>
    setAttributes(input, { rows: model.num('rows', 4) || 4 })
  );
  return bindText(model, view, input);
}

function combobox(model: WidgetModel, view: IView): HTMLElement {
  const list = h('datalist', { id: uid('list') });
  const input = h('input', { type: 'text', class: 'nx-input', list: list.id, autocomplete: 'off' });
  const { root } = field(model, view, input);
  root.append(list);
  bind(model, ['options'], view.scope, () => {
    list.replaceChildren(
      ...model.list('options').map(value => h('option', { value: String(value) }))
    );
  });
  bind(model, ['value'], view.scope, () => {
    input.value = model.str('value');
  });
  bind(model, ['placeholder'], view.scope, () =>
    setAttributes(input, { placeholder: model.str('placeholder') })
  );
  const commit = (): void => {
    const isKnown = !model.is('ensure_option') || model.list('options').includes(input.value);
    input.setAttribute('aria-invalid', String(!isKnown));
    if (isKnown) {
      model.put({ value: input.value });
    }
  };
  input.addEventListener('change', commit);
  input.addEventListener('input', () => {
    if (model.get('continuous_update') !== false) {
      commit();
    }
  });
  bindDisabled(model, view, input);
  return root;
}

function label(model: WidgetModel, view: IView): HTMLElement {
  const content = h('span', { class: 'nx-value' });
  const title = h('span', { class: 'nx-label' });
  describe(title, model, view);
  bind(model, ['value'], view.scope, () => {
    content.textContent = model.str('value');
  });
  return h('div', { class: 'nx-text' }, title, content);
}

function html(model: WidgetModel, view: IView): HTMLElement {
  const content = h('div', { class: 'nx-html' });
  const title = h('span', { class: 'nx-label' });
  describe(title, model, view);
  bind(model, ['value'], view.scope, () => {
    content.replaceChildren();
    appendAuthorHtml(content, model.str('value'));
  });
  return h('div', { class: 'nx-text' }, title, content);
}

/** The text views by name. */
export const texts: Record<string, ViewFactory> = {
  TextView: textInput('text'),
  PasswordView: textInput('password'),
  TextareaView: textarea,
  ComboboxView: combobox,
  LabelView: label,
  HTMLView: html,
  HTMLMathView: html
};
