/** JSON as a tree that folds. */
import { h } from '../dom';
import { t } from '../strings';
import type { IRendered, IRenderRequest } from './bundle';

const LIMIT = 200;

function leaf(value: unknown): HTMLElement {
  const kind = value === null ? 'null' : typeof value;
  return h('span', { class: `nx-json-${kind}` }, JSON.stringify(value) ?? String(value));
}

function tree(name: string, value: unknown, depth: number): HTMLElement {
  if (typeof value !== 'object' || value === null) {
    return h(
      'div',
      { class: 'nx-json-row' },
      h('span', { class: 'nx-json-key' }, `${name} `),
      leaf(value)
    );
  }
  const entries = Object.entries(value);
  const size = Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`;
  const summary = h('summary', {}, h('span', { class: 'nx-json-key' }, `${name} `), size);
  const details = h('details', { class: 'nx-json-row', open: depth < 1 }, summary);
  const fill = (): void => {
    if (details.children.length === 1) {
      details.append(...entries.slice(0, LIMIT).map(([key, item]) => tree(key, item, depth + 1)));
      if (entries.length > LIMIT) {
        details.append(h('div', { class: 'nx-json-row nx-muted' }, `… ${entries.length - LIMIT}`));
      }
    }
  };
  // Deep parts are made when they are opened: a large object costs nothing until then.
  details.addEventListener('toggle', fill);
  if (depth < 1) {
    fill();
  }
  return details;
}

/** Draw JSON. */
export function renderJson({ value }: IRenderRequest): IRendered {
  return { element: h('div', { class: 'nx-json' }, tree(t('data'), value, 0)) };
}
