/** Streams and errors. */
import type { IOutput } from '../../core/protocol';
import { h, text } from '../dom';
import { t } from '../strings';

// eslint-disable-next-line no-control-regex -- ANSI sequences are control characters
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Take terminal colours out of a text. */
export function stripAnsi(value: string): string {
  return value.replace(ANSI, '');
}

/** Let carriage returns overwrite the line, as progress bars want it. */
export function overwriteLines(value: string): string {
  return value
    .replace(/\r+\n/g, '\n')
    .split('\n')
    .map(line => line.replace(/\r+$/, ''))
    .map(line => line.slice(line.lastIndexOf('\r') + 1))
    .join('\n');
}

/** Draw a stream. */
export function renderStream(output: IOutput): HTMLElement {
  const isError = output.name === 'stderr';
  const content = overwriteLines(stripAnsi(text(output.text)));
  return h('pre', { class: isError ? 'nx-pre nx-stderr' : 'nx-pre' }, content);
}

/** Draw an error: its name and message, and the traceback for who wants it. */
export function renderError(output: IOutput): HTMLElement {
  const traceback = stripAnsi((output.traceback ?? []).join('\n'));
  const message = stripAnsi(output.evalue ?? '');
  const element = h(
    'div',
    { class: 'nx-error', role: 'alert' },
    h('p', {}, h('strong', {}, output.ename ?? 'Error'), message === '' ? '' : ` ${message}`)
  );
  if (traceback !== '') {
    const details = h('details', {}, h('summary', {}, t('details')));
    details.append(h('pre', { class: 'nx-pre' }, traceback));
    element.append(details);
  }
  return element;
}
