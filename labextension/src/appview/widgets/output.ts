/** The Output widget: shows what the kernel printed while it listened. */
import { h } from '../dom';
import type { IOutput } from '../../core/protocol';
import { OutputArea } from '../mime/outputs';
import { bind, ViewFactory } from './view';

const output: ViewFactory = (model, view) => {
  const element = h('div', { class: 'nx-output' });
  const area = new OutputArea(element, view.app, view.scope);
  bind(model, ['outputs'], view.scope, () => area.show(model.list('outputs') as IOutput[]));
  return element;
};

/** The Output view by name. */
export const outputs: Record<string, ViewFactory> = { OutputView: output };
