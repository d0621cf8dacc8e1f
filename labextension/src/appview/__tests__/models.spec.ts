import { beforeEach, describe, expect, it, vi } from 'vitest';
import { IModelState, JsonObject } from '../../core/protocol';
import { isEqual, putBuffers, removeBuffers } from '../models/buffers';
import { addOutput, updateDisplay } from '../models/output';
import { ModelStore } from '../models/store';
import { Sync } from '../models/sync';

interface ISent {
  comm: string;
  data: JsonObject;
  buffers: ArrayBuffer[];
}

function state(name: string, values: JsonObject = {}): IModelState {
  return {
    model_name: name,
    model_module: '@jupyter-widgets/controls',
    state: { _model_name: name, _model_module: '@jupyter-widgets/controls', ...values }
  };
}

describe('buffers', () => {
  it('go into the state as DataViews and come out again', () => {
    const bytes = new Uint8Array([1, 2, 3]).buffer;
    const target: JsonObject = { list: [{ a: 1 }, {}], x: 1 };
    putBuffers(target, [['list', 1, 'data']], [bytes]);
    const view = (target.list as JsonObject[])[1].data as DataView;
    expect(view).toBeInstanceOf(DataView);
    expect(view.getUint8(2)).toBe(3);
    const parts = removeBuffers(target);
    expect(parts.state).toEqual({ list: [{ a: 1 }, {}], x: 1 });
    expect(parts.buffer_paths).toEqual([['list', 1, 'data']]);
    expect(parts.buffers[0].byteLength).toBe(3);
    expect((target.list as JsonObject[])[1].data).toBe(view);
  });

  it('in a list leave a gap, so that later indices stay right', () => {
    const parts = removeBuffers({ files: [new Uint8Array([1]), 'text'] });
    expect(parts.state).toEqual({ files: [null, 'text'] });
  });

  it('never walk into a prototype', () => {
    putBuffers({}, [['__proto__', 'polluted']], [new ArrayBuffer(1)]);
    expect(({} as JsonObject).polluted).toBeUndefined();
  });

  it('only part of a larger buffer is copied out', () => {
    const large = new Uint8Array([9, 1, 2, 9]);
    const parts = removeBuffers({ v: large.subarray(1, 3) });
    expect(Array.from(new Uint8Array(parts.buffers[0]))).toEqual([1, 2]);
  });

  it('compare by content', () => {
    expect(isEqual({ a: [1, { b: null }] }, { a: [1, { b: null }] })).toBe(true);
    expect(isEqual([1], { 0: 1 })).toBe(false);
    expect(isEqual({ a: undefined }, { b: undefined })).toBe(false);
    expect(isEqual(NaN, NaN)).toBe(true);
  });
});

describe('Sync', () => {
  let sent: JsonObject[];
  let sync: Sync;

  beforeEach(() => {
    sent = [];
    sync = new Sync(values => `m${sent.push(values)}`);
  });

  it('keeps one update in flight and sends the latest of the rest', () => {
    sync.push({ value: 1 });
    sync.push({ value: 2 });
    sync.push({ value: 3, other: 'x' });
    expect(sent).toEqual([{ value: 1 }]);
    sync.idle('another');
    expect(sent).toHaveLength(1);
    sync.idle('m1');
    expect(sent).toEqual([{ value: 1 }, { value: 3, other: 'x' }]);
    sync.idle('m2');
    sync.idle('m2');
    expect(sent).toHaveLength(2);
  });

  it('drops echoes that are older than what was set here', () => {
    sync.push({ value: 1 });
    sync.push({ value: 2 });
    expect(sync.filterEcho({ value: 1 }, 'm1')).toEqual({});
    sync.idle('m1');
    expect(sync.filterEcho({ value: 1 }, 'm1')).toEqual({});
    expect(sync.filterEcho({ value: 2 }, 'm2')).toEqual({ value: 2 });
    expect(sync.filterEcho({ value: 7 }, 'other client')).toEqual({ value: 7 });
  });

  it('starts anew after a reset', () => {
    sync.push({ value: 1 });
    sync.push({ value: 2 });
    sync.reset();
    sync.push({ value: 3 });
    expect(sent).toEqual([{ value: 1 }, { value: 3 }]);
  });
});

describe('ModelStore', () => {
  let sent: ISent[];
  let store: ModelStore;

  beforeEach(() => {
    sent = [];
    store = new ModelStore({
      send: (comm, data, buffers) => `m${sent.push({ comm, data, buffers })}`
    });
  });

  it('opens, updates and closes models as the kernel says', () => {
    const opened = vi.fn();
    store.onAdded(opened);
    const data = { state: state('IntSliderModel', { value: 1 }).state, buffer_paths: [] };
    const common = { comm_id: 'a', target_name: 'jupyter.widget', parent_id: '' };
    store.receive({ type: 'comm_open', data, ...common });
    const model = store.find('IPY_MODEL_a');
    expect(opened).toHaveBeenCalledWith(model);
    const changed = vi.fn();
    model?.on('change:value', changed);
    store.receive({ type: 'comm_msg', data: { method: 'update', state: { value: 2 } }, ...common });
    store.receive({ type: 'comm_msg', data: { method: 'update', state: { value: 2 } }, ...common });
    expect(model?.get('value')).toBe(2);
    expect(changed).toHaveBeenCalledTimes(1);
    expect(sent).toEqual([]);
    const destroyed = vi.fn();
    model?.on('destroy', destroyed);
    store.receive({ type: 'comm_close', data: {}, ...common });
    expect(destroyed).toHaveBeenCalled();
    expect(store.find('a')).toBeNull();
  });

  it('ignores comms that are no widgets', () => {
    store.receive({
      type: 'comm_open',
      comm_id: 'x',
      target_name: 'evil',
      data: { state: {} },
      parent_id: ''
    });
    expect(store.all()).toEqual([]);
  });

  it('keeps models, and so their views, when states are read again', () => {
    store.load({ a: state('IntTextModel', { value: 1 }), b: state('IntTextModel') });
    const known = store.find('a');
    store.load({ a: state('IntTextModel', { value: 5 }) });
    expect(store.find('a')).toBe(known);
    expect(known?.get('value')).toBe(5);
    expect(store.find('b')).toBeNull();
  });

  it('keeps what is on its way to the kernel when states are read again', () => {
    store.load({ a: state('IntTextModel', { value: 1 }) });
    const model = store.find('a');
    model?.put({ value: 2 });
    store.load({ a: state('IntTextModel', { value: 1 }) });
    expect(model?.get('value')).toBe(2);
    store.idle('m1');
    store.load({ a: state('IntTextModel', { value: 1 }) });
    expect(model?.get('value')).toBe(1);
  });

  it('sends binary values apart from the JSON', () => {
    store.load({ a: state('FileUploadModel', { value: [] }) });
    const bytes = new Uint8Array([7]).buffer;
    store.find('a')?.put({ value: [{ name: 'x', content: new DataView(bytes) }] });
    expect(sent[0].data).toEqual({
      method: 'update',
      state: { value: [{ name: 'x' }] },
      buffer_paths: [['value', 0, 'content']]
    });
    expect(sent[0].buffers[0].byteLength).toBe(1);
  });

  it('gives custom messages with their buffers', () => {
    store.load({ a: state('AnyModel') });
    const heard = vi.fn();
    store.find('a')?.on('msg:custom', heard);
    const buffers = [new Uint8Array([4]).buffer];
    store.receive({
      type: 'comm_msg',
      comm_id: 'a',
      data: { method: 'custom', content: { x: 1 } },
      buffers,
      parent_id: ''
    });
    expect(heard.mock.calls[0][0]).toEqual({ x: 1 });
    expect((heard.mock.calls[0][1] as DataView[])[0].getUint8(0)).toBe(4);
  });

  it('waits for a model that is still to come', async () => {
    const wanted = store.wait('IPY_MODEL_late');
    store.load({ late: state('LabelModel') });
    expect((await wanted).id).toBe('late');
    await expect(store.wait('never', 5)).rejects.toThrow('never');
  });

  it.each([
    ['LinkModel', true],
    ['DirectionalLinkModel', false]
  ])('ties values with a %s', (name, isTwoWay) => {
    store.load({
      l: state(name, { source: ['IPY_MODEL_a', 'value'], target: ['IPY_MODEL_b', 'value'] }),
      a: state('IntSliderModel', { value: 1 }),
      b: state('IntTextModel', { value: 0 })
    });
    const [a, b] = [store.find('a'), store.find('b')];
    expect(b?.get('value')).toBe(1);
    a?.put({ value: 4 });
    expect(b?.get('value')).toBe(4);
    b?.put({ value: 9 });
    expect(a?.get('value')).toBe(isTwoWay ? 9 : 4);
    store.receive({ type: 'comm_close', comm_id: 'l', data: {}, parent_id: '' });
    a?.put({ value: 2 });
    expect(b?.get('value')).toBe(9);
  });

  describe('Output capture', () => {
    const out = (id: string): unknown[] => store.find(id)?.list('outputs') ?? [];
    const say = (
      msg_type: 'stream' | 'clear_output' | 'display_data' | 'update_display_data',
      content: JsonObject,
      parent_id = 'm'
    ): boolean => store.capture.take({ type: 'output', msg_type, content, parent_id });
    const listen = (id: string, msg_id: string): void =>
      store.receive({
        type: 'comm_msg',
        comm_id: id,
        data: { method: 'update', state: { msg_id } },
        parent_id: ''
      });

    beforeEach(() => {
      vi.useFakeTimers();
      vi.clearAllTimers();
      store.load({
        o: state('OutputModel', { msg_id: '', outputs: [] }),
        p: state('OutputModel', { msg_id: '', outputs: [] })
      });
    });

    it('takes what has the parent it waits for, and nothing else', () => {
      expect(say('stream', { name: 'stdout', text: 'x' })).toBe(false);
      listen('o', 'm');
      expect(say('stream', { name: 'stdout', text: 'a' })).toBe(true);
      expect(say('stream', { name: 'stdout', text: 'b' })).toBe(true);
      expect(say('stream', { name: 'stdout', text: 'c' }, 'other')).toBe(false);
      listen('o', '');
      expect(say('stream', { name: 'stdout', text: 'd' })).toBe(false);
      expect(out('o')).toEqual([{ output_type: 'stream', name: 'stdout', text: 'ab' }]);
    });

    it('gives a nested Output what it asked for last', () => {
      listen('o', 'm');
      listen('p', 'm');
      say('stream', { name: 'stdout', text: 'inner' });
      listen('p', '');
      say('stream', { name: 'stdout', text: 'outer' });
      expect(out('p')).toHaveLength(1);
      expect(out('o')).toEqual([{ output_type: 'stream', name: 'stdout', text: 'outer' }]);
    });

    it('clears now, or when the next output comes', () => {
      listen('o', 'm');
      say('stream', { name: 'stdout', text: 'old' });
      say('clear_output', { wait: true });
      expect(out('o')).toHaveLength(1);
      say('stream', { name: 'stdout', text: 'new' });
      expect(out('o')).toEqual([{ output_type: 'stream', name: 'stdout', text: 'new' }]);
      say('clear_output', { wait: false });
      expect(out('o')).toEqual([]);
    });

    it('writes back once for a burst', () => {
      listen('o', 'm');
      for (const text of 'abcdef') {
        say('stream', { name: 'stdout', text });
      }
      expect(sent).toEqual([]);
      listen('o', '');
      expect(sent.map(one => one.data.method)).toEqual(['update']);
      vi.runAllTimers();
      expect(sent).toHaveLength(1);
    });

    it('is not set back by the echo of an earlier write', () => {
      listen('o', 'm');
      say('stream', { name: 'stdout', text: 'a' });
      vi.runAllTimers();
      say('stream', { name: 'stdout', text: 'b' });
      const echoed = (sent[0].data.state as JsonObject).outputs;
      store.receive({
        type: 'comm_msg',
        comm_id: 'o',
        data: { method: 'echo_update', state: { outputs: echoed } },
        parent_id: 'm1'
      });
      expect(out('o')).toEqual([{ output_type: 'stream', name: 'stdout', text: 'ab' }]);
    });

    it('updates a display by its id', () => {
      listen('o', 'm');
      say('display_data', { data: { 'text/plain': '1' }, transient: { display_id: 'd' } });
      expect(
        say(
          'update_display_data',
          { data: { 'text/plain': '2' }, transient: { display_id: 'd' } },
          'x'
        )
      ).toBe(true);
      expect(out('o')).toMatchObject([{ data: { 'text/plain': '2' } }]);
      expect(updateDisplay([], { transient: { display_id: 'd' } })).toBeNull();
    });
  });

  it('joins streams of one name only', () => {
    const one = addOutput([], 'stream', { name: 'stdout', text: 'a' });
    const two = addOutput(one, 'stream', { name: 'stderr', text: 'b' });
    expect(addOutput(two, 'stream', { name: 'stderr', text: ['c'] })).toHaveLength(2);
    expect(one).toHaveLength(1);
  });
});
