/** The `tabs` layout: every second-level heading of the notebook opens a tab. */
import type { ICell } from '../core/protocol';
import { h, setAttributes, uid } from './dom';
import { t } from './strings';
import { arrowKey } from './widgets/choices';

interface IPlaced {
  cell: ICell;
  element: HTMLElement;
}

interface ITab {
  title: string;
  elements: HTMLElement[];
}

/** Sort cells into tabs; what stands before the first heading stays above them. */
export function groupTabs(views: IPlaced[]): { intro: HTMLElement[]; tabs: ITab[] } {
  const intro: HTMLElement[] = [];
  const tabs: ITab[] = [];
  const hasHeadings = views.some(({ cell }) => /^\s*##\s/.test(cell.source ?? ''));
  for (const { cell, element } of views) {
    const heading = cell.cell_type === 'markdown' ? /^\s*##\s+(.+)/.exec(cell.source ?? '') : null;
    if (heading !== null) {
      tabs.push({ title: heading[1].replace(/[*_`#]/g, '').trim(), elements: [element] });
    } else if (!hasHeadings && cell.cell_type === 'code' && cell.outputs.length > 0) {
      tabs.push({ title: `${t('part')} ${tabs.length + 1}`, elements: [element] });
    } else if (tabs.length > 0) {
      tabs[tabs.length - 1].elements.push(element);
    } else {
      intro.push(element);
    }
  }
  return { intro, tabs };
}

/** Put the cells into `main` as tabs; the open one stays open. */
export function arrangeTabs(main: HTMLElement, views: IPlaced[], name: string): void {
  const { intro, tabs } = groupTabs(views);
  const selected = Math.max(0, Math.min(tabs.length - 1, Number(main.dataset.tab ?? 0)));
  if (tabs.length < 2) {
    main.replaceChildren(...intro, ...tabs.flatMap(tab => tab.elements));
    return;
  }
  const list = h('div', { class: 'nx-tablist', role: 'tablist', 'aria-label': name });
  const panels = tabs.map(tab =>
    h('div', { class: 'nx-panel', role: 'tabpanel', id: uid('part') }, ...tab.elements)
  );
  const buttons = tabs.map((tab, index) => {
    const button = h(
      'button',
      { type: 'button', role: 'tab', class: 'nx-tab', id: uid('tab') },
      tab.title
    );
    button.setAttribute('aria-controls', panels[index].id);
    panels[index].setAttribute('aria-labelledby', button.id);
    button.addEventListener('click', () => select(index));
    button.addEventListener('keydown', event => {
      const next = arrowKey(event, index, tabs.length);
      if (next !== null) {
        select(next);
        buttons[next].focus();
      }
    });
    return button;
  });
  const select = (wanted: number): void => {
    main.dataset.tab = String(wanted);
    buttons.forEach((button, index) => {
      setAttributes(button, { 'aria-selected': String(index === wanted) });
      button.tabIndex = index === wanted ? 0 : -1;
      panels[index].hidden = index !== wanted;
    });
  };
  list.append(...buttons);
  select(selected);
  main.replaceChildren(...intro, h('div', { class: 'nx-tabs' }, list, ...panels));
}
