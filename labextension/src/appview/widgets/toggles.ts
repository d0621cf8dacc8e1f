/** Buttons and switches. */
import { h, setAttributes } from '../dom';
import { t } from '../strings';
import { bindDisabled, describe, field } from './field';
import { bind, ViewFactory } from './view';

const checkbox: ViewFactory = (model, view) => {
  const input = h('input', { type: 'checkbox' });
  const text = h('span', {});
  describe(text, model, view);
  bind(model, ['value'], view.scope, () => {
    input.checked = model.is('value');
  });
  bind(model, ['description', 'tooltip'], view.scope, () =>
    setAttributes(input, {
      'aria-label': model.str('description') ? null : model.str('tooltip') || 'Checkbox'
    })
  );
  input.addEventListener('change', () => model.put({ value: input.checked }));
  bindDisabled(model, view, input);
  return h('label', { class: 'nx-option' }, input, text);
};

const toggleButton: ViewFactory = (model, view) => {
  const button = h('button', { type: 'button', class: 'nx-button' });
  describe(button, model, view);
  button.hidden = false;
  bind(model, ['value', 'button_style', 'description'], view.scope, () => {
    button.hidden = false;
    button.setAttribute('aria-pressed', String(model.is('value')));
    button.dataset.tone = model.str('button_style');
  });
  button.addEventListener('click', () => model.put({ value: !model.is('value') }));
  bindDisabled(model, view, button);
  return button;
};

const button: ViewFactory = (model, view) => {
  const element = h('button', { type: 'button', class: 'nx-button' });
  describe(element, model, view);
  bind(model, ['button_style', 'description', 'icon', 'tooltip'], view.scope, () => {
    element.hidden = false;
    element.dataset.tone = model.str('button_style');
    // Icon fonts are not here; a button with only an icon says its name.
    if (model.str('description').trim() === '') {
      element.textContent = model.str('tooltip') || model.str('icon').replace(/-/g, ' ') || '…';
    }
  });
  element.addEventListener('click', () => model.send({ event: 'click' }));
  bindDisabled(model, view, element);
  return element;
};

const valid: ViewFactory = (model, view) => {
  const mark = h('output', { class: 'nx-valid' });
  const { root } = field(model, view, mark, true);
  bind(model, ['value', 'readout'], view.scope, () => {
    const isValid = model.is('value');
    mark.dataset.tone = isValid ? 'success' : 'danger';
    mark.textContent = isValid ? `✓ ${t('isValid')}` : `✕ ${model.str('readout') || t('invalid')}`;
  });
  return root;
};

/** The button views by name. */
export const toggles: Record<string, ViewFactory> = {
  CheckboxView: checkbox,
  ToggleButtonView: toggleButton,
  ButtonView: button,
  ValidView: valid
};
