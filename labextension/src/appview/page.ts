/** The page: a title, what the app shows, and how it is doing. */
import type { ICell, IInitMessage, IOutput, KernelState } from '../core/protocol';
import type { IAppContext } from './context';
import { h, uid } from './dom';
import { markdown } from './mime/markdown';
import { OutputArea } from './mime/outputs';
import { Scope } from './scope';
import { t } from './strings';
import { arrangeTabs } from './tabs';

interface ICellView {
  cell: ICell;
  element: HTMLElement;
  scope: Scope;
  update(cell: ICell): void;
}

const SHOWN = new Set(['app', 'doc']);

/** A cell that takes part in the page. */
export function isShown(cell: ICell): boolean {
  return SHOWN.has(cell.role) && cell.cell_type !== 'raw';
}

function firstHeading(cells: ICell[]): string | null {
  const first = cells.find(isShown);
  return first?.cell_type === 'markdown'
    ? (/^\s*#\s+(.+)/.exec(first.source ?? '')?.[1] ?? null)
    : null;
}

/** Owns the page's elements. */
export class Page {
  constructor(
    private readonly _app: IAppContext,
    private readonly _init: IInitMessage,
    private readonly _scope: Scope
  ) {
    this._title = h('h1', {}, _init.title);
    this._header = h('header', { class: 'nx-header' }, this._title);
    if (_init.description !== '') {
      this._header.append(h('p', { class: 'nx-lead' }, _init.description));
    }
    this._header.hidden = _init.title === '' && _init.description === '';
    this._main = h('main', { class: 'nx-main', 'aria-busy': 'true' });
    this._main.append(this._skeleton());
    this._banner = h('div', { class: 'nx-banner', role: 'status', hidden: true });
    this._notice = h('div', { class: 'nx-notice', role: 'alert', hidden: true });
    this._line = h('div', { class: 'nx-line', 'aria-hidden': 'true' });
    this.root = h(
      'div',
      { class: 'nx-app' },
      this._line,
      this._banner,
      this._header,
      this._main,
      this._notice
    );
    this.root.dataset.layout = _init.layout === 'dashboard' ? 'grid' : _init.layout;
  }

  /** Everything the page shows. */
  readonly root: HTMLElement;

  /** Show `cells`: all of them, or only those that changed. */
  showCells(cells: ICell[], isPartial: boolean): void {
    if (!isPartial) {
      const ids = new Set(cells.map(cell => cell.id));
      this._order = cells.filter(isShown).map(cell => cell.id);
      for (const [id, view] of this._views) {
        if (!ids.has(id)) {
          this._drop(id, view);
        }
      }
    }
    for (const cell of cells) {
      this._showCell(cell);
    }
    if (!isPartial) {
      // A notebook that opens with its own heading needs no second title.
      this._title.hidden = firstHeading(cells) !== null;
      this._arrange();
    }
    this._hasCells = true;
    this._refresh();
  }

  /** Show what the kernel is doing. */
  showStatus(state: KernelState, detail: string): void {
    this._state = state;
    const isOver = state === 'stopped' || state === 'failed';
    this._detail = detail;
    this._banner.hidden = !isOver;
    this._banner.dataset.tone = state === 'failed' ? 'danger' : '';
    this._main.inert = isOver; // nobody would answer
    clearTimeout(this._busyTimer);
    if (state === 'busy' || state === 'starting') {
      // Short work does not flicker.
      this._busyTimer = setTimeout(() => this.root.classList.add('nx-busy'), 350);
    } else {
      this.root.classList.remove('nx-busy');
    }
    this._refresh();
  }

  /** Say that something the person did has failed. */
  showProblem(output: IOutput | null): void {
    this._notice.hidden = output === null;
    if (output !== null) {
      const close = h(
        'button',
        { type: 'button', class: 'nx-close', 'aria-label': t('remove') },
        '×'
      );
      close.addEventListener('click', () => this.showProblem(null));
      this._notice.replaceChildren(
        h(
          'div',
          {},
          h('strong', {}, t('problem')),
          h('p', {}, `${output.ename ?? ''}: ${output.evalue ?? ''}`)
        ),
        close
      );
    }
  }

  private _showCell(cell: ICell): void {
    const known = this._views.get(cell.id);
    if (known !== undefined && known.cell.cell_type === cell.cell_type && isShown(cell)) {
      known.update(cell);
      return;
    }
    if (known !== undefined) {
      this._drop(cell.id, known);
    }
    if (isShown(cell)) {
      this._views.set(cell.id, this._makeView(cell));
    }
  }

  private _makeView(cell: ICell): ICellView {
    const scope = this._scope.child();
    const element = h('section', { class: 'nx-cell' });
    element.dataset.id = cell.id;
    const view: ICellView = { cell, element, scope, update: () => undefined };
    if (cell.cell_type === 'markdown') {
      view.update = next => {
        if (next.source !== view.cell.source || !element.hasChildNodes()) {
          element.replaceChildren(markdown(next.source ?? ''));
        }
        view.cell = next;
      };
      element.classList.add('nx-doc');
    } else {
      const area = new OutputArea(element, this._app, scope);
      view.update = next => {
        area.show(next.outputs);
        element.classList.toggle('nx-blank', next.outputs.length === 0);
        view.cell = next;
      };
    }
    view.update(cell);
    return view;
  }

  private _drop(id: string, view: ICellView): void {
    view.scope.dispose();
    view.element.remove();
    this._views.delete(id);
  }

  private _arrange(): void {
    const views = this._order.flatMap(id => this._views.get(id) ?? []);
    if (this._init.layout === 'tabs') {
      arrangeTabs(this._main, views, this._init.title);
      return;
    }
    const wanted = views.map(view => view.element);
    const current = Array.from(this._main.children);
    if (
      wanted.length !== current.length ||
      wanted.some((element, index) => element !== current[index])
    ) {
      this._main.replaceChildren(...wanted);
    }
  }

  /** Say why the app does not answer, and whether what is shown is still the app's. */
  private _explain(): void {
    if (this._state !== 'stopped' && this._state !== 'failed') {
      this.root.classList.remove('nx-off');
      return;
    }
    const shown = this._main.querySelectorAll('.nx-view').length;
    const isOff = shown > 0 && this._main.querySelectorAll('.nx-view > .nx-gone').length === shown;
    this.root.classList.toggle('nx-off', isOff);
    const reason = isOff && this._state === 'stopped' ? 'notRunning' : this._state;
    this._banner.textContent = `${t(reason)} ${this._detail}`.trim();
  }

  private _refresh(): void {
    this._explain();
    const isWaiting = this._state === 'starting';
    const isEmpty = [...this._views.values()].every(
      view => view.cell.cell_type !== 'markdown' && view.cell.outputs.length === 0
    );
    this._main.querySelector(':scope > .nx-empty')?.remove();
    if (isEmpty && (isWaiting || !this._hasCells)) {
      if (this._main.querySelector(':scope > .nx-skeleton') === null) {
        this._main.append(this._skeleton());
      }
    } else {
      this._main.querySelector(':scope > .nx-skeleton')?.remove();
    }
    if (isEmpty && this._hasCells && !isWaiting) {
      this._main.append(
        h(
          'div',
          { class: 'nx-empty', id: uid('empty') },
          h('strong', {}, t('empty')),
          h('p', {}, t('emptyHint'))
        )
      );
    }
    this._main.setAttribute('aria-busy', String(isWaiting || !this._hasCells));
  }

  private _skeleton(): HTMLElement {
    const bars = ['40%', '100%', '72%'].map(width =>
      h('div', { class: 'nx-bone', style: `width:${width}` })
    );
    return h('div', { class: 'nx-skeleton', role: 'status', 'aria-label': t('loading') }, ...bars);
  }

  private readonly _title: HTMLElement;
  private readonly _header: HTMLElement;
  private readonly _main: HTMLElement;
  private readonly _banner: HTMLElement;
  private readonly _notice: HTMLElement;
  private readonly _line: HTMLElement;
  private readonly _views = new Map<string, ICellView>();
  private _order: string[] = [];
  private _state: KernelState = 'starting';
  private _detail = '';
  private _hasCells = false;
  private _busyTimer: ReturnType<typeof setTimeout> | undefined;
}
