/** What the client drew, counted in the document. */
import type { IReport } from '../core/protocol';

/** Groups of a Vega drawing that hold data, not axes, legends or titles. */
const MARKS = '.role-mark, .role-mark-group';
const DECORATION = '.role-axis, .role-legend, .role-title, .role-axis-grid';

function isPainted(shape: Element): boolean {
  const style = shape.getAttribute('style') ?? '';
  const read = (name: string): string =>
    shape.getAttribute(name) ??
    new RegExp(`(?:^|;)\\s*${name}\\s*:\\s*([^;]+)`).exec(style)?.[1] ??
    '';
  const isNone = (paint: string): boolean => /^(?:|none|transparent)$/.test(paint.trim());
  const hasPaint = !isNone(read('fill')) || !isNone(read('stroke'));
  return hasPaint && read('opacity').trim() !== '0' && read('display').trim() !== 'none';
}

/** Whether an SVG path covers anything: a bar of no height and a line of one point do not. */
export function hasExtent(path: string): boolean {
  if (path === '' || path.includes('NaN')) {
    return false;
  }
  const rectangle = /^M[^hvHV]*h([-\d.e]+)v([-\d.e]+)h[-\d.e]+Z?$/.exec(path.trim());
  if (rectangle !== null) {
    return Number(rectangle[1]) !== 0 && Number(rectangle[2]) !== 0;
  }
  const numbers = (path.match(/-?\d*\.?\d+(?:e[-+]?\d+)?/gi) ?? []).map(Number);
  return numbers.length > 2 && new Set(numbers.map(value => value.toFixed(3))).size > 1;
}

function isDrawn(shape: Element): boolean {
  if (!isPainted(shape)) {
    return false;
  }
  switch (shape.localName) {
    case 'path':
      return hasExtent(shape.getAttribute('d') ?? '');
    case 'rect':
      return Number(shape.getAttribute('width')) > 0 && Number(shape.getAttribute('height')) > 0;
    case 'text':
      return (shape.textContent ?? '').trim() !== '';
    case 'line':
      return ['1', '2'].some(
        end =>
          Number(shape.getAttribute(`x${end}`) ?? 0) !== 0 ||
          Number(shape.getAttribute(`y${end}`) ?? 0) !== 0
      );
    case 'image':
      return (shape.getAttribute('href') ?? shape.getAttribute('xlink:href') ?? '') !== '';
    default:
      return false;
  }
}

/** Count the marks of a chart that a person could see. */
export function countMarks(root: ParentNode): number {
  let count = 0;
  for (const group of Array.from(root.querySelectorAll(MARKS))) {
    if (group.closest(DECORATION) === null && !group.classList.contains('mark-group')) {
      count += Array.from(group.children).filter(isDrawn).length;
    }
  }
  return count;
}

function isVisible(element: HTMLElement): boolean {
  if (element.closest('[hidden], .nx-off') !== null) {
    return false;
  }
  return typeof element.checkVisibility === 'function' ? element.checkVisibility() : true;
}

/** Count everything a person could see on the page. */
export function inspect(root: HTMLElement, errors: string[]): IReport {
  const all = <E extends Element>(selector: string): E[] =>
    Array.from(root.querySelectorAll<E>(selector));
  const marks = all<HTMLElement>('.nx-chart').map(countMarks);
  return {
    cells: all<HTMLElement>('.nx-cell').filter(cell => cell.childElementCount > 0 && !cell.hidden)
      .length,
    widgets: all<HTMLElement>('.nx-widget').map(element => ({
      name: element.dataset.view ?? '',
      visible: isVisible(element)
    })),
    charts: marks.length,
    chart_marks: marks,
    marks: marks.reduce((sum, count) => sum + count, 0),
    images: all('img').length,
    tables: all<HTMLTableElement>('table').map(table => ({
      rows: table.querySelectorAll('tbody tr').length,
      columns: Math.max(0, ...Array.from(table.querySelectorAll('tr'), row => row.children.length))
    })),
    text_chars: (root.textContent ?? '').replace(/\s+/g, ' ').trim().length,
    errors
  };
}
