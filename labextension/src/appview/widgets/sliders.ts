/** Sliders: one thumb or two, linear or logarithmic, over numbers or choices. */
import { h, setAttributes } from '../dom';
import { formatNumber } from '../format';
import type { WidgetModel } from '../models/model';
import { t } from '../strings';
import { bindDisabled, field } from './field';
import { bind, IView, ViewFactory } from './view';

/** How positions on the track and values of the model correspond. */
interface IScale {
  min(): number;
  max(): number;
  step(): number | 'any';
  /** The positions of the thumbs, one or two. */
  positions(): number[];
  /** Tell the model where the thumbs are. */
  move(positions: number[]): void;
  /** What a person reads at a position. */
  label(position: number): string;
  /** The traits it reads. */
  keys: string[];
}

function thumb(): HTMLInputElement {
  return h('input', { type: 'range', class: 'nx-range' });
}

/** Lay out the thumbs on one track with a readout beside the label. */
function slider(model: WidgetModel, view: IView, scale: IScale, count: 1 | 2): HTMLElement {
  const thumbs = count === 1 ? [thumb()] : [thumb(), thumb()];
  const isPair = count === 2;
  const track = isPair ? h('div', { class: 'nx-track nx-pair' }, ...thumbs) : thumbs[0];
  const readout = h('output', { class: 'nx-readout' });
  const { root, head } = field(model, view, track, isPair);
  head.append(readout);

  const paint = (positions: number[]): void => {
    const low = scale.min();
    const span = scale.max() - low || 1;
    const share = (position: number): string =>
      `${Math.max(0, Math.min(100, ((position - low) / span) * 100))}%`;
    track.style.setProperty('--nx-from', isPair ? share(positions[0]) : '0%');
    track.style.setProperty('--nx-to', share(positions[positions.length - 1]));
    const labels = positions.map(position => scale.label(position));
    readout.textContent = labels.join(' – ');
    thumbs.forEach((input, index) => input.setAttribute('aria-valuetext', labels[index]));
  };
  bind(model, scale.keys, view.scope, () => {
    const positions = scale.positions();
    thumbs.forEach((input, index) => {
      setAttributes(input, { min: scale.min(), max: scale.max(), step: scale.step() });
      input.value = String(positions[index]);
    });
    paint(positions);
  });
  bind(model, ['orientation', 'readout', 'description'], view.scope, () => {
    root.classList.toggle('nx-vertical', model.get('orientation') === 'vertical');
    readout.hidden = model.get('readout') === false;
    if (isPair) {
      const name = model.str('description');
      thumbs[0].setAttribute('aria-label', `${name} ${t('min')}`.trim());
      thumbs[1].setAttribute('aria-label', `${name} ${t('max')}`.trim());
    }
  });
  const current = (moved: HTMLInputElement): number[] => {
    const positions = thumbs.map(input => Number(input.value));
    if (isPair && positions[0] > positions[1]) {
      const stop = moved === thumbs[0] ? positions[1] : positions[0];
      moved.value = String(stop);
      return [stop, stop];
    }
    return positions;
  };
  for (const input of thumbs) {
    input.addEventListener('input', () => {
      const positions = current(input);
      paint(positions);
      if (model.get('continuous_update') !== false) {
        scale.move(positions);
      }
    });
    input.addEventListener('change', () => scale.move(current(input)));
  }
  bindDisabled(model, view, ...thumbs);
  return root;
}

const LINEAR = ['value', 'min', 'max', 'step', 'readout_format'];

function linear(model: WidgetModel, isInteger: boolean, isPair: boolean): IScale {
  const fallback = isInteger ? 'd' : '.2f';
  return {
    keys: LINEAR,
    min: () => model.num('min'),
    max: () => model.num('max', 100),
    step: () => (model.get('step') == null ? (isInteger ? 1 : 'any') : model.num('step', 1)),
    positions: () => (isPair ? model.list('value').map(Number) : [model.num('value')]),
    move: positions => model.put({ value: isPair ? positions : positions[0] }),
    label: position => formatNumber(position, model.str('readout_format') || fallback)
  };
}

function logarithmic(model: WidgetModel): IScale {
  const base = (): number => model.num('base', 10);
  return {
    keys: [...LINEAR, 'base'],
    min: () => model.num('min'),
    max: () => model.num('max', 4),
    step: () => model.num('step', 0.1),
    positions: () => [Math.log(model.num('value', 1)) / Math.log(base())],
    move: ([position]) => model.put({ value: base() ** position }),
    label: position => formatNumber(base() ** position, model.str('readout_format') || '.3g')
  };
}

function choices(model: WidgetModel, isPair: boolean): IScale {
  return {
    keys: ['index', '_options_labels'],
    min: () => 0,
    max: () => Math.max(0, model.list('_options_labels').length - 1),
    step: () => 1,
    positions: () => (isPair ? model.list('index').map(Number) : [model.num('index')]),
    move: positions => model.put({ index: isPair ? positions : positions[0] }),
    label: position => String(model.list('_options_labels')[position] ?? '')
  };
}

/** The slider views by name. */
export const sliders: Record<string, ViewFactory> = {
  IntSliderView: (model, view) => slider(model, view, linear(model, true, false), 1),
  FloatSliderView: (model, view) => slider(model, view, linear(model, false, false), 1),
  FloatLogSliderView: (model, view) => slider(model, view, logarithmic(model), 1),
  IntRangeSliderView: (model, view) => slider(model, view, linear(model, true, true), 2),
  FloatRangeSliderView: (model, view) => slider(model, view, linear(model, false, true), 2),
  SelectionSliderView: (model, view) => slider(model, view, choices(model, false), 1),
  SelectionRangeSliderView: (model, view) => slider(model, view, choices(model, true), 2)
};
