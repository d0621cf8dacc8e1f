/** Small pieces of documents. */
import { LabIcon } from '@jupyterlab/ui-components';

/** Make an element with a class and children; a text is text, never markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  node.className = className;
  node.append(...children);
  return node;
}

/** Make a button. */
export function pushButton(
  label: string,
  onClick: () => void,
  options: { icon?: LabIcon; isIconOnly?: boolean; isMain?: boolean } = {}
): HTMLButtonElement {
  const node = el('button', `nx-CanvasBar-button${options.isMain ? ' nx-mod-main' : ''}`);
  node.type = 'button';
  node.title = options.isIconOnly ? label : '';
  if (options.icon) {
    node.append(options.icon.element({ tag: 'span', className: 'nx-icon' }));
  }
  if (options.isIconOnly) {
    node.setAttribute('aria-label', label);
  } else {
    node.append(label);
  }
  node.addEventListener('click', onClick);
  return node;
}

/** Make a field with a label above it. */
export function labelled(label: string, input: HTMLElement): HTMLLabelElement {
  return el('label', 'nx-Field', el('span', '', label), input);
}

/** What went wrong, in a sentence. */
export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
