import { describe, expect, it } from 'vitest';
import { IOutput, JsonObject } from '../../core/protocol';
import type { IAppContext } from '../context';
import { bestMime, renderBundle, renderOutput, unwrap } from '../mime/bundle';
import { markdown } from '../mime/markdown';
import { overwriteLines, stripAnsi } from '../mime/text';
import { ModelStore } from '../models/store';
import { Scope } from '../scope';

const problems: string[] = [];
const app: IAppContext = {
  store: new ModelStore({ send: () => '' }),
  theme: { dark: false, vars: {} },
  chart: () => new Promise(() => undefined),
  importModule: () => Promise.reject(new Error('none')),
  onTheme: () => () => undefined,
  problem: message => problems.push(message)
};

function draw(data: JsonObject): HTMLElement {
  return renderBundle(data, {}, app, new Scope()).element;
}

function drawOutput(output: IOutput): HTMLElement {
  return renderOutput(output, app, new Scope()).element;
}

describe('the best mime type', () => {
  it.each([
    [['text/plain', 'text/html'], 'text/html'],
    [['text/plain', 'image/png'], 'image/png'],
    [['text/html', 'application/vnd.vegalite.v5+json'], 'application/vnd.vegalite.v5+json'],
    [['application/vnd.vegalite.v6.1+json', 'text/plain'], 'application/vnd.vegalite.v6.1+json'],
    [['application/vnd.vega.v6+json', 'image/png'], 'application/vnd.vega.v6+json'],
    [
      ['text/plain', 'application/vnd.jupyter.widget-view+json'],
      'application/vnd.jupyter.widget-view+json'
    ],
    [['text/markdown', 'text/plain'], 'text/markdown'],
    [['application/javascript', 'text/plain'], 'text/plain'],
    [['application/javascript'], null]
  ])('of %j is %s', (mimes, expected) => {
    expect(bestMime(Object.fromEntries(mimes.map(mime => [mime, ''])))).toBe(expected);
  });

  it('is the inner one of an inert bundle', () => {
    const inert = { 'application/vnd.nexus.inert+json': { bundle: { 'text/plain': 'x' } } };
    expect(unwrap(inert)).toEqual({ 'text/plain': 'x' });
    expect(draw(inert).textContent).toBe('x');
  });
});

describe('drawing', () => {
  it('aligns columns of numbers', () => {
    const html =
      '<table><thead><tr><th></th><th>name</th><th>n</th></tr></thead><tbody>' +
      '<tr><th>0</th><td>a</td><td>1,200.5</td></tr><tr><th>1</th><td>b</td><td>NaN</td></tr></tbody></table>';
    const element = draw({ 'text/html': [html] });
    expect(Array.from(element.querySelectorAll('.nx-num'), cell => cell.textContent)).toEqual([
      'n',
      '1,200.5',
      'NaN'
    ]);
    expect(element.querySelector('[role=region]')?.getAttribute('tabindex')).toBe('0');
  });

  it('shows pictures as data URLs, also SVG', () => {
    expect(draw({ 'image/png': 'AA\n==' }).getAttribute('src')).toBe('data:image/png;base64,AA==');
    const svg = draw({ 'image/svg+xml': '<svg onload="x"/>' });
    expect(svg.localName).toBe('img');
    expect(svg.getAttribute('src')).toMatch(/^data:image\/svg\+xml,%3Csvg/);
  });

  it('shows an error short, with its traceback folded', () => {
    const element = drawOutput({
      output_type: 'error',
      ename: 'KeyError',
      evalue: '\u001b[31mnope\u001b[0m',
      traceback: ['\u001b[0;31mTraceback\u001b[0m', 'line 1']
    });
    expect(element.querySelector('p')?.textContent).toBe('KeyError nope');
    expect(element.querySelector('details pre')?.textContent).toBe('Traceback\nline 1');
    expect(problems).toContain('KeyError: \u001b[31mnope\u001b[0m');
  });

  it('folds JSON and shows its values as text', () => {
    const element = draw({ 'application/json': { a: [1, '<b>'], c: null } });
    element
      .querySelectorAll('details')
      .forEach(details => details.dispatchEvent(new Event('toggle')));
    expect(element.textContent).toContain('"<b>"');
    expect(element.querySelector('b')).toBeNull();
  });

  it('says calmly what it cannot show', () => {
    expect(draw({ 'application/x-strange': 1 }).textContent).toContain('application/x-strange');
    const gone = draw({ 'application/vnd.jupyter.widget-view+json': { model_id: 'none' } });
    expect(gone.textContent).toBe('This widget is not running.');
  });
});

describe('text', () => {
  it('loses terminal colours and links', () => {
    expect(stripAnsi('\u001b[1;32mok\u001b[0m \u001b]8;;http://x\u0007y\u001b]8;;\u0007')).toBe(
      'ok y'
    );
  });

  it('lets a progress bar overwrite itself', () => {
    expect(overwriteLines('0%\r50%\r100%\ndone\r\n')).toBe('100%\ndone\n');
    expect(overwriteLines('50%\r')).toBe('50%');
  });
});

describe('Markdown', () => {
  it('renders the usual and escapes raw HTML', () => {
    const element = markdown(
      '# T\n\n*a* <b onclick=x>b</b> [l](javascript:alert(1))\n\n| a |\n|---|\n| 1 |'
    );
    expect(element.querySelector('h1')?.textContent).toBe('T');
    expect(element.querySelector('b')).toBeNull();
    expect(element.textContent).toContain('<b onclick=x>b</b>');
    expect(element.querySelector('a')?.attributes).toHaveLength(0);
    expect(element.querySelector('td')?.textContent).toBe('1');
  });

  it('shows no pictures of other hosts', () => {
    expect(markdown('![x](https://evil.example/x.png)').querySelector('[src]')).toBeNull();
  });
});
