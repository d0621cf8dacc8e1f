/** HTML outputs; tables scroll in their own place and align their numbers. */
import { h, text } from '../dom';
import { appendHtml } from '../sanitize';
import type { IRendered, IRenderRequest } from './bundle';

const NUMBER = /^[−+-]?(?:[$€£¥]\s?)?[\d.,\s]*\d(?:[eE][−+-]?\d+)?\s?%?$/;

/** Mark the columns of `table` whose body cells are all numbers. */
export function alignNumbers(table: HTMLTableElement): void {
  const rows = Array.from(table.querySelectorAll('tbody tr'));
  const width = Math.max(0, ...rows.map(row => row.children.length));
  for (let column = 0; column < width; column++) {
    const cells = rows.map(row => row.children[column]).filter(cell => cell?.localName === 'td');
    const filled = cells.filter(
      cell => !/^(?:|nan|none|<na>|nat)$/i.test((cell.textContent ?? '').trim())
    );
    if (filled.length > 0 && filled.every(cell => NUMBER.test((cell.textContent ?? '').trim()))) {
      cells.forEach(cell => cell.classList.add('nx-num'));
      const head = table.querySelectorAll('thead tr');
      head.forEach(row => row.children[column]?.classList.add('nx-num'));
    }
  }
}

/** Draw HTML. */
export function renderHtml({ value }: IRenderRequest): IRendered {
  const element = h('div', { class: 'nx-html' });
  appendHtml(element, text(value));
  for (const table of Array.from(element.querySelectorAll('table'))) {
    if (table.parentElement?.closest('table')) {
      continue;
    }
    table.removeAttribute('border');
    // A corner above the index says nothing: no header for a screen reader to read out.
    for (const head of Array.from(table.querySelectorAll('thead th'))) {
      if ((head.textContent ?? '').trim() === '') {
        head.replaceWith(h('td', { colspan: head.getAttribute('colspan') }));
      }
    }
    alignNumbers(table);
    const label = table.querySelector('caption')?.textContent ?? 'Table';
    const frame = h('div', { class: 'nx-table', role: 'region', tabindex: 0, 'aria-label': label });
    table.before(frame);
    frame.append(table);
  }
  return { element };
}
