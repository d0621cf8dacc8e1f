import { describe, expect, it } from 'vitest';
import { DOWNLOAD_LIMIT, MESSAGE_LIMIT } from '../protocol';
import { parseClientMessage } from '../validate';

const ID = 'a'.repeat(32);

function comm(data: unknown, more: Record<string, unknown> = {}): unknown {
  return { type: 'comm_msg', comm_id: 'c', data, buffers: [], id: ID, ...more };
}

describe('a client message', () => {
  it('passes when it is one of the known ones, without extra keys', () => {
    expect(parseClientMessage({ type: 'ready', extra: 1 })).toEqual({ type: 'ready' });
    expect(parseClientMessage({ type: 'need', name: 'chart' })).toEqual({
      type: 'need',
      name: 'chart'
    });
    expect(parseClientMessage({ type: 'height', px: 12.7 })).toEqual({ type: 'height', px: 12 });
    const data = { method: 'update', state: { value: 1 }, buffer_paths: [] };
    expect(parseClientMessage(comm({ ...data, evil: 1 }))).toEqual(comm(data));
    expect(parseClientMessage(comm({ method: 'request_state', x: 1 }))).toEqual(
      comm({ method: 'request_state' })
    );
    expect(parseClientMessage(comm({ method: 'custom', content: [1] }))).toEqual(
      comm({ method: 'custom', content: [1] })
    );
  });

  const cycle: Record<string, unknown> = { method: 'custom' };
  cycle.content = cycle;
  const deep = JSON.parse('['.repeat(40) + ']'.repeat(40)) as unknown;

  it.each([
    ['nothing', null],
    ['a text', 'ready'],
    ['a list', [{ type: 'ready' }]],
    ['an unknown type', { type: 'execute_request', code: 'x' }],
    ['an unknown module', { type: 'need', name: '../../secret' }],
    ['an unknown method', comm({ method: 'comm_open' })],
    ['no method', comm({})],
    ['no state', comm({ method: 'update' })],
    ['a state that is a list', comm({ method: 'update', state: [] })],
    ['new code', comm({ method: 'update', state: { _esm: 'x' } })],
    ['new styles', comm({ method: 'update', state: { _css: 'x' } })],
    ['another class', comm({ method: 'update', state: { _model_module: 'x' } })],
    ['another view', comm({ method: 'update', state: { _view_name: 'x' } })],
    [
      'code in a buffer',
      comm(
        { method: 'update', state: {}, buffer_paths: [['_esm']] },
        { buffers: [new ArrayBuffer(1)] }
      )
    ],
    ['paths without buffers', comm({ method: 'update', state: {}, buffer_paths: [['a']] })],
    [
      'a path that is none',
      comm({ method: 'update', state: {}, buffer_paths: ['a'] }, { buffers: [new ArrayBuffer(1)] })
    ],
    ['a buffer that is none', comm({ method: 'custom' }, { buffers: ['x'] })],
    [
      'too many buffers',
      comm({ method: 'custom' }, { buffers: Array(65).fill(new ArrayBuffer(0)) })
    ],
    ['a comm id that is none', comm({ method: 'custom' }, { comm_id: 3 })],
    ['an id that is none', comm({ method: 'custom' }, { id: 'x y' })],
    ['a long id', comm({ method: 'custom' }, { id: 'x'.repeat(65) })],
    ['a cycle', comm(cycle)],
    ['a deep nest', comm({ method: 'custom', content: deep })],
    ['too much text', comm({ method: 'custom', content: 'x'.repeat(MESSAGE_LIMIT) })],
    ['too many bytes', comm({ method: 'custom' }, { buffers: [new ArrayBuffer(MESSAGE_LIMIT)] })],
    ['a file without bytes', { type: 'download', name: 'x.csv', bytes: 'a,b' }],
    [
      'a file that is too large',
      { type: 'download', name: 'x.csv', bytes: new ArrayBuffer(DOWNLOAD_LIMIT + 1) }
    ],
    ['a report that is none', { type: 'report', id: '1', report: 7 }]
  ])('is refused with %s', (_name, message) => {
    expect(parseClientMessage(message)).toBeNull();
  });

  it('reports only counts and short texts', () => {
    const report = {
      cells: -1,
      widgets: [{ name: 'A', visible: 1 }, 3],
      charts: 1,
      chart_marks: [3, 'x'],
      marks: '3',
      images: Infinity,
      tables: [{ rows: 2, columns: 1.5 }],
      text_chars: 10,
      errors: ['x'.repeat(9999), { toString: null }].slice(0, 1)
    };
    const message = parseClientMessage({ type: 'report', id: '1', report });
    expect(message).toEqual({
      type: 'report',
      id: '1',
      report: {
        cells: 0,
        widgets: [{ name: 'A', visible: false }],
        charts: 1,
        chart_marks: [3, 0],
        marks: 3,
        images: 0,
        tables: [{ rows: 2, columns: 1 }],
        text_chars: 10,
        errors: ['x'.repeat(2000)]
      }
    });
  });
});
