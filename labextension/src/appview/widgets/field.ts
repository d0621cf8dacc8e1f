/** The frame of a control: its label, tied to the input, above it. */
import { h, setAttributes, uid } from '../dom';
import type { WidgetModel } from '../models/model';
import { appendHtml } from '../sanitize';
import { bind, IView } from './view';

/** A control's frame and label. */
export interface IField {
  /** The whole control. */
  root: HTMLElement;
  /** Holds the label, and whatever stands beside it. */
  head: HTMLElement;
  /** The label's id, for `aria-labelledby`. */
  labelId: string;
}

/** Fill `target` with a model's description. */
export function describe(target: HTMLElement, model: WidgetModel, view: IView): void {
  bind(model, ['description', 'description_allow_html'], view.scope, () => {
    const description = model.str('description');
    target.replaceChildren();
    if (model.is('description_allow_html')) {
      appendHtml(target, description);
    } else {
      target.append(description.replace(/\s*:\s*$/, ''));
    }
    target.hidden = description.trim() === '';
  });
}

/** Make a control with a label; `isGroup` when it has several inputs. */
export function field(
  model: WidgetModel,
  view: IView,
  control: HTMLElement,
  isGroup = false
): IField {
  const labelId = uid('label');
  const label = h(isGroup ? 'span' : 'label', { class: 'nx-label', id: labelId });
  describe(label, model, view);
  if (isGroup) {
    setAttributes(control, { role: control.getAttribute('role') ?? 'group' });
    control.setAttribute('aria-labelledby', labelId);
  } else {
    control.id ||= uid('input');
    label.setAttribute('for', control.id);
  }
  const head = h('div', { class: 'nx-field-head' }, label);
  const root = h('div', { class: 'nx-field' }, head, control);
  bind(model, ['description', 'placeholder', 'tooltip'], view.scope, () => {
    const isNamed = model.str('description').trim() !== '';
    const name = model.str('tooltip') || model.str('placeholder') || model.view || '';
    setAttributes(control, {
      'aria-label': isNamed ? null : name,
      'aria-labelledby': isNamed && isGroup ? labelId : null
    });
    root.classList.toggle('nx-unnamed', !isNamed);
  });
  return { root, head, labelId };
}

/** An element that can be switched off. */
type Disableable = HTMLElement & { disabled: boolean };

/** Follow `disabled` and `tabbable`. */
export function bindDisabled(model: WidgetModel, view: IView, ...controls: Disableable[]): void {
  bind(model, ['disabled', 'tabbable'], view.scope, () => {
    for (const control of controls) {
      control.disabled = model.is('disabled');
      if (model.get('tabbable') === false) {
        control.tabIndex = -1;
      }
    }
  });
}
