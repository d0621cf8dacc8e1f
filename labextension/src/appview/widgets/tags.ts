/** A list of words, colours or numbers that a person adds to and takes from. */
import { h, setAttributes, uid } from '../dom';
import type { WidgetModel } from '../models/model';
import { t } from '../strings';
import { field } from './field';
import { bind, IView, ViewFactory } from './view';

type Tag = string | number;

/** Read what was typed; `null` when it is no such tag. */
type Reader = (text: string) => Tag | null;

function tags(model: WidgetModel, view: IView, read: Reader): HTMLElement {
  const list = h('datalist', { id: uid('tags') });
  const input = h('input', { type: 'text', list: list.id });
  const box = h('div', { class: 'nx-input nx-tags' }, input);
  const { root } = field(model, view, box, true);
  root.append(list);

  const values = (): Tag[] => model.list('value') as Tag[];
  const isAllowed = (tag: Tag): boolean => {
    const allowed = model.list('allowed_tags');
    const isKnown = allowed.length === 0 || allowed.includes(tag);
    const isNew = model.get('allow_duplicates') !== false || !values().includes(tag);
    const low = model.get('min') == null || Number(tag) >= model.num('min');
    const high = model.get('max') == null || Number(tag) <= model.num('max');
    return isKnown && isNew && low && high;
  };
  const commit = (): void => {
    const text = input.value.trim();
    if (text === '') {
      return;
    }
    const tag = read(text);
    const isGood = tag !== null && isAllowed(tag);
    input.setAttribute('aria-invalid', String(!isGood));
    if (isGood) {
      input.value = '';
      model.put({ value: [...values(), tag] });
    }
  };
  const remove = (index: number): void => {
    model.put({ value: values().filter((_tag, other) => other !== index) });
    input.focus();
  };
  bind(model, ['value', 'disabled'], view.scope, () => {
    box.querySelectorAll('.nx-tag').forEach(tag => tag.remove());
    values().forEach((tag, index) => {
      const close = h('button', { type: 'button', class: 'nx-close' }, '×');
      close.setAttribute('aria-label', `${t('remove')} ${tag}`);
      close.disabled = model.is('disabled');
      close.addEventListener('click', () => remove(index));
      input.before(h('span', { class: 'nx-tag' }, String(tag), close));
    });
    input.disabled = model.is('disabled');
  });
  bind(model, ['allowed_tags', 'placeholder', 'description'], view.scope, () => {
    list.replaceChildren(
      ...model.list('allowed_tags').map(tag => h('option', { value: String(tag) }))
    );
    setAttributes(input, {
      placeholder: model.str('placeholder').replace(/^\u200b$/, ''),
      'aria-label': model.str('description') || model.str('placeholder') || 'Tags'
    });
  });
  input.addEventListener('keydown', event => {
    if (event.key === 'Enter' || event.key === ',') {
      event.preventDefault();
      commit();
    } else if (event.key === 'Backspace' && input.value === '' && values().length > 0) {
      remove(values().length - 1);
    }
  });
  input.addEventListener('change', commit);
  return root;
}

const asNumber: Reader = text => (Number.isFinite(Number(text)) ? Number(text) : null);
const asInteger: Reader = text => (Number.isInteger(Number(text)) ? Number(text) : null);

/** The tag views by name. */
export const tagInputs: Record<string, ViewFactory> = {
  TagsInputView: (model, view) => tags(model, view, text => text),
  ColorsInputView: (model, view) => tags(model, view, text => text),
  FloatsInputView: (model, view) => tags(model, view, asNumber),
  IntsInputView: (model, view) => tags(model, view, asInteger)
};
