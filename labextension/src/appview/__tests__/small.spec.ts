import { describe, expect, it, vi } from 'vitest';
import { responsive } from '../chart/responsive';
import { formatNumber } from '../format';
import { countMarks, hasExtent, inspect } from '../inspect';
import { Scope } from '../scope';
import { groupTabs } from '../tabs';
import { AWARE, DATE, NAIVE, TIME } from '../widgets/pickers';

describe('formatNumber', () => {
  it.each([
    [1234.5, ',.2f', '1,234.50'],
    [1234.5, 'd', '1235'],
    [0.256, '.1%', '25.6%'],
    [12345678, '.3s', '12.3M'],
    [0.00012, '.2e', '1.20e-4'],
    [3, '+d', '+3'],
    [-3, '$,.2f', '−$3.00'],
    [5, 'nonsense', '5'],
    [1500, '.3g', '1.50e+3']
  ])('%d as %s is %s', (value, format, expected) => {
    expect(formatNumber(value, format)).toBe(expected);
  });
});

describe('marks', () => {
  it.each([
    ['M0,0h10v20h-10Z', true],
    ['M0,0h10v0h-10Z', false],
    ['M0,0h0v20h0Z', false],
    ['M1,1', false],
    ['M0,0L10,10', true],
    ['M0,NaNL10,10', false],
    ['', false]
  ])('of path %s count: %s', (path, expected) => {
    expect(hasExtent(path)).toBe(expected);
  });

  it('are those a person could see, axes left out', () => {
    const root = document.createElement('div');
    root.innerHTML =
      '<svg><g class="mark-group role-axis"><g class="mark-rule role-axis-grid"><line x2="5" stroke="red"/></g></g>' +
      '<g class="mark-rect role-mark marks"><path d="M0,0h1v1h-1Z" fill="red"/><path d="M0,0h1v1h-1Z" fill="none"/>' +
      '<path d="M0,0h1v0h-1Z" fill="red"/><path d="M0,0h1v1h-1Z" fill="red" opacity="0"/></g></svg>';
    expect(countMarks(root)).toBe(1);
  });

  it('make a report', () => {
    const root = document.createElement('div');
    root.innerHTML =
      '<section class="nx-cell"><figure class="nx-chart"></figure><table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>' +
      '<div hidden><div class="nx-widget" data-view="TextView"></div></div></section>';
    expect(inspect(root, ['x'])).toEqual({
      cells: 1,
      widgets: [{ name: 'TextView', visible: false }],
      charts: 1,
      chart_marks: [0],
      marks: 0,
      images: 0,
      tables: [{ rows: 1, columns: 2 }],
      text_chars: 2,
      errors: ['x']
    });
  });
});

describe('Scope', () => {
  it('undoes in reverse, children included, once', () => {
    const order: string[] = [];
    const scope = new Scope();
    scope.add(() => order.push('first'));
    const child = scope.child();
    child.add(() => order.push('child'));
    scope.add(() => order.push('last'));
    scope.dispose();
    scope.dispose();
    expect(order).toEqual(['last', 'child', 'first']);
    const late = vi.fn();
    child.add(late);
    expect(late).toHaveBeenCalledTimes(1);
  });
});

describe('dates and times', () => {
  it('are written and read without loss', () => {
    expect(DATE.write({ year: 2026, month: 0, date: 9 })).toBe('2026-01-09');
    expect(DATE.read('2026-01-09')).toEqual({ year: 2026, month: 0, date: 9 });
    const time = { hours: 9, minutes: 5, seconds: 0, milliseconds: 0 };
    expect(TIME.write(time)).toBe('09:05');
    expect(TIME.read('09:05')).toEqual(time);
    const moment = { year: 2026, month: 6, date: 1, ...time };
    expect(NAIVE.read(NAIVE.write(moment))).toEqual(moment);
    expect(AWARE.read(AWARE.write(moment))).toEqual(moment);
    expect(NAIVE.read('nonsense')).toBeNull();
  });
});

describe('responsive charts', () => {
  const element = document.createElement('div');

  it('take the width of their place, and no more than they ask for', () => {
    expect(responsive({ mark: 'bar' }, element)).toMatchObject({ width: 'container' });
    expect(responsive({ mark: 'bar', width: 400 }, element)).toMatchObject({ width: 'container' });
    expect(element.style.maxWidth).toBe('496px');
  });

  it('stay as they are when they are several or step by step', () => {
    for (const spec of [{ hconcat: [] }, { encoding: { row: {} } }, { width: { step: 12 } }]) {
      expect(responsive(spec, element)).toBe(spec);
    }
  });
});

describe('tabs', () => {
  const cell = (cell_type: string, source = '', outputs: object[] = []): never =>
    ({
      cell: { id: '', role: 'app', cell_type, source, outputs },
      element: document.createElement('p')
    }) as never;

  it('open at second-level headings', () => {
    const views = [
      cell('markdown', '# Title'),
      cell('markdown', '## One'),
      cell('code'),
      cell('markdown', '## *Two*')
    ];
    const { intro, tabs } = groupTabs(views);
    expect(intro).toHaveLength(1);
    expect(tabs.map(tab => [tab.title, tab.elements.length])).toEqual([
      ['One', 2],
      ['Two', 1]
    ]);
  });

  it('are one a cell when there are no headings', () => {
    const { tabs } = groupTabs([cell('code', '', [{}]), cell('code'), cell('code', '', [{}])]);
    expect(tabs.map(tab => tab.title)).toEqual(['Part 1', 'Part 2']);
  });
});
