/** jslink and jsdlink: two widget values tied together in the browser. */
import type { WidgetModel } from './model';
import type { ModelStore } from './store';

type End = [WidgetModel, string];

function endOf(model: WidgetModel, key: 'source' | 'target', store: ModelStore): End | null {
  const [reference, attribute] = model.list(key);
  const found = store.find(reference);
  return found === null || typeof attribute !== 'string' ? null : [found, attribute];
}

/** Tie `source` to `target` for as long as the link model lives. */
export function link(model: WidgetModel, store: ModelStore, isTwoWay: boolean): void {
  let undo: (() => void)[] = [];
  const copy = ([from, fromKey]: End, [to, toKey]: End): void => {
    to.put({ [toKey]: from.get(fromKey) });
  };
  const stop = (): void => {
    undo.forEach(one => one());
    undo = [];
  };
  const start = (): void => {
    stop();
    const source = endOf(model, 'source', store);
    const target = endOf(model, 'target', store);
    if (source === null || target === null) {
      return;
    }
    undo.push(source[0].on(`change:${source[1]}`, () => copy(source, target)));
    if (isTwoWay) {
      undo.push(target[0].on(`change:${target[1]}`, () => copy(target, source)));
    }
    undo.push(source[0].on('destroy', stop), target[0].on('destroy', stop));
    copy(source, target);
  };
  model.on('change:source', start);
  model.on('change:target', start);
  model.on('destroy', stop);
  start();
}
