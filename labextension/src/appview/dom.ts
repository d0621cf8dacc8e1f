/** Small helpers to build DOM. */

/** Attributes; `false`, `null` and `undefined` leave one out, `true` sets it empty. */
export type Attributes = Record<string, string | number | boolean | null | undefined>;

/** Set or remove attributes. */
export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value == null) {
      element.removeAttribute(key);
    } else {
      element.setAttribute(key, value === true ? '' : String(value));
    }
  }
}

/** Make an element. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children);
  return element;
}

let counter = 0;

/** Make an element id that is unique on the page. */
export function uid(prefix: string): string {
  counter += 1;
  return `nx-${prefix}-${counter}`;
}

/** Make a message id; works without a secure context. */
export function messageId(): string {
  const bytes = new Uint8Array(16);
  crypto.getRandomValues(bytes);
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** Join nbformat's multi-line strings. */
export function text(value: unknown): string {
  if (Array.isArray(value)) {
    return value.map(part => String(part)).join('');
  }
  return value == null ? '' : String(value);
}
