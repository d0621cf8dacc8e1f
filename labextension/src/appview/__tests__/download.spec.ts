import { describe, expect, it } from 'vitest';
import { dataBytes, fileOf } from '../download';
import { appendAuthorHtml, appendHtml } from '../sanitize';

const text = (bytes: ArrayBuffer | null): string | null => bytes && new TextDecoder().decode(bytes);

function linkOf(html: string, append: typeof appendHtml): Element {
  const target = document.createElement('div');
  append(target, html);
  return target.querySelector('a') as Element;
}

describe.each([appendHtml, appendAuthorHtml])('a link to a file (%o)', append => {
  it('keeps its bytes and its name and leads nowhere', () => {
    const html = '<a download="rows.csv" href="data:text/csv;base64,YSxiCjEsMgo=">Download</a>';
    const link = linkOf(html, append);
    expect(link.getAttribute('href')).toBe('#');
    const file = fileOf(link);
    expect([file?.type, file?.name, text(file?.bytes ?? null)]).toEqual([
      'download',
      'rows.csv',
      'a,b\n1,2\n'
    ]);
  });

  it.each([
    '<a href="data:text/csv,a">x</a>',
    '<a download="x" href="https://evil.example/x">x</a>',
    '<a download="x" href="javascript:alert(1)">x</a>',
    '<a download="x" data-nx-file="data:text/plain,a">x</a>'
  ])('is none: %s', html => {
    const link = linkOf(html, append);
    expect(fileOf(link)).toBeNull();
    expect(link.hasAttribute('href')).toBe(false);
  });
});

describe('a data address', () => {
  it.each([
    ['data:,a%20b', 'a b'],
    ['data:text/plain;charset=utf-8,%C3%A9', 'é'],
    ['data:text/plain;base64,w6k=', 'é'],
    ['data:text/plain;base64,w6k%3D', 'é'],
    ['data:text/plain;base64,***', null],
    ['data:text/plain,%E0%A4%A', null],
    ['https://evil.example', null],
    ['', null]
  ])('%s', (address, content) => expect(text(dataBytes(address))).toBe(content));
});
