/** A document without layout. */
import { DOMParser, parseHTML } from 'linkedom';

/** The width that everything has; charts are drawn to it. */
const WIDTH = 720;

/** Make the document and its classes global. */
export function installDocument(): Document {
  const { window, document } = parseHTML(
    '<!doctype html><html><head></head><body></body></html>'
  ) as unknown as { window: Record<string, unknown>; document: Document };
  const { Element, Event, HTMLElement, Node } = window;
  for (const name of ['clientWidth', 'offsetWidth']) {
    const prototype = (HTMLElement as { prototype: object }).prototype;
    Object.defineProperty(prototype, name, { configurable: true, get: () => WIDTH });
  }
  const size = { innerHeight: 900, innerWidth: WIDTH };
  Object.assign(globalThis, { DOMParser, Element, Event, HTMLElement, Node, document, ...size });
  return document;
}
