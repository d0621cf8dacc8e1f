/** Markdown; raw HTML in it shows as text. */
import { Marked } from 'marked';
import { h, text } from '../dom';
import { appendHtml } from '../sanitize';
import type { IRendered, IRenderRequest } from './bundle';

function escape(value: string): string {
  return value
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}

const marked = new Marked({
  async: false,
  gfm: true,
  renderer: {
    html: token => escape(token.text),
    checkbox: token => (token.checked ? '☑ ' : '☐ ')
  }
});

/** Make an element from Markdown. */
export function markdown(source: string): HTMLElement {
  const element = h('div', { class: 'nx-markdown' });
  appendHtml(element, marked.parse(source) as string);
  return element;
}

/** Draw a Markdown output. */
export function renderMarkdown({ value }: IRenderRequest): IRendered {
  return { element: markdown(text(value)) };
}
