/** A chart's tooltip: text only, inside the page, gone with Escape. */
import * as vega from 'vega';

function rows(value: unknown): [string, string][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).map(([key, item]) => [key, String(item)]);
  }
  return [['', String(value)]];
}

/** Show tooltips of `view`; the result removes the last one. */
export function tooltip(view: vega.View): () => void {
  let box: HTMLElement | null = null;
  const hide = (): void => {
    box?.remove();
    box = null;
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      hide();
    }
  };
  view.tooltip((_handler, event, _item, value) => {
    if (value == null || value === '') {
      hide();
      return;
    }
    if (box === null) {
      box = document.createElement('div');
      box.className = 'nx-tooltip';
      box.setAttribute('role', 'tooltip');
      document.body.append(box);
    }
    box.replaceChildren(
      ...rows(value).map(([key, text]) => {
        const row = document.createElement('div');
        const name = document.createElement('span');
        name.textContent = key;
        const shown = document.createElement('strong');
        shown.textContent = text;
        row.append(name, shown);
        return row;
      })
    );
    const { clientX = 0, clientY = 0 } = event as MouseEvent;
    const { offsetWidth, offsetHeight } = box;
    const { innerWidth, innerHeight } = window;
    box.style.left = `${Math.max(4, Math.min(clientX + 12, innerWidth - offsetWidth - 4))}px`;
    box.style.top = `${Math.max(4, Math.min(clientY + 12, innerHeight - offsetHeight - 4))}px`;
  });
  document.addEventListener('keydown', onKey);
  return () => {
    document.removeEventListener('keydown', onKey);
    hide();
  };
}
