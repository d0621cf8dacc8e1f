/** Number inputs and progress bars. */
import { h, setAttributes } from '../dom';
import type { WidgetModel } from '../models/model';
import { bindDisabled, field } from './field';
import { bind, IView, ViewFactory } from './view';

function numberInput(model: WidgetModel, view: IView, isInteger: boolean): HTMLElement {
  const input = h('input', {
    type: 'number',
    class: 'nx-input',
    inputmode: isInteger ? 'numeric' : 'decimal'
  });
  const { root } = field(model, view, input);
  bind(model, ['min', 'max', 'step'], view.scope, () => {
    setAttributes(input, {
      min: model.get('min') as number | null,
      max: model.get('max') as number | null,
      step: (model.get('step') as number | null) ?? (isInteger ? 1 : 'any')
    });
  });
  bind(model, ['value'], view.scope, () => {
    if (input !== document.activeElement || Number(input.value) !== model.num('value')) {
      input.value = model.str('value');
    }
  });
  const commit = (): void => {
    const typed = Number(input.value);
    if (input.value.trim() === '' || !Number.isFinite(typed)) {
      input.value = model.str('value');
      return;
    }
    const low = model.get('min') == null ? -Infinity : model.num('min');
    const high = model.get('max') == null ? Infinity : model.num('max');
    const value = Math.min(high, Math.max(low, isInteger ? Math.round(typed) : typed));
    input.value = String(value);
    model.put({ value });
  };
  input.addEventListener('change', commit);
  input.addEventListener('input', () => {
    if (model.get('continuous_update') === true && input.validity.valid && input.value !== '') {
      model.put({ value: isInteger ? Math.round(Number(input.value)) : Number(input.value) });
    }
  });
  bindDisabled(model, view, input);
  return root;
}

function progress(model: WidgetModel, view: IView): HTMLElement {
  const bar = h(
    'div',
    { class: 'nx-progress', role: 'progressbar' },
    h('div', { class: 'nx-bar' })
  );
  const { root } = field(model, view, bar, true);
  bar.setAttribute('role', 'progressbar');
  bind(model, ['value', 'min', 'max', 'bar_style', 'orientation'], view.scope, () => {
    const [low, high, value] = [model.num('min'), model.num('max', 100), model.num('value')];
    const share = Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
    bar.style.setProperty('--nx-to', `${share * 100}%`);
    setAttributes(bar, { 'aria-valuemin': low, 'aria-valuemax': high, 'aria-valuenow': value });
    bar.dataset.tone = model.str('bar_style');
    root.classList.toggle('nx-vertical', model.get('orientation') === 'vertical');
  });
  return root;
}

/** The number views by name. */
export const numbers: Record<string, ViewFactory> = {
  IntTextView: (model, view) => numberInput(model, view, true),
  BoundedIntTextView: (model, view) => numberInput(model, view, true),
  FloatTextView: (model, view) => numberInput(model, view, false),
  BoundedFloatTextView: (model, view) => numberInput(model, view, false),
  ProgressView: progress
};
