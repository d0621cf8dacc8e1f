/** Play: a value that walks from one end to the other. */
import { h } from '../dom';
import { t } from '../strings';
import { bind, ViewFactory } from './view';

const play: ViewFactory = (model, view) => {
  const toggle = h('button', { type: 'button', class: 'nx-button nx-icon' });
  const restart = h('button', {
    type: 'button',
    class: 'nx-button nx-icon',
    'aria-label': t('restart')
  });
  const repeat = h('button', {
    type: 'button',
    class: 'nx-button nx-icon',
    'aria-label': t('repeat')
  });
  restart.textContent = '«';
  repeat.textContent = '⟳';
  let timer: ReturnType<typeof setTimeout> | undefined;

  const advance = (): void => {
    const [low, high, step] = [model.num('min'), model.num('max', 100), model.num('step', 1)];
    const next = model.num('value') + step;
    const isRepeating = model.is('repeat') || model.is('_repeat');
    if (next <= high) {
      model.put({ value: next });
    } else if (isRepeating) {
      model.put({ value: low });
    } else {
      model.put({ playing: false });
    }
  };
  const schedule = (): void => {
    clearTimeout(timer);
    if (model.is('playing')) {
      timer = setTimeout(
        () => {
          advance();
          schedule();
        },
        Math.max(16, model.num('interval', 100))
      );
    }
  };
  view.scope.add(() => clearTimeout(timer));
  bind(model, ['playing', 'interval', 'disabled', 'repeat', 'show_repeat'], view.scope, () => {
    const isPlaying = model.is('playing');
    toggle.textContent = isPlaying ? '❚❚' : '▶';
    toggle.setAttribute('aria-label', t(isPlaying ? 'pause' : 'play'));
    [toggle, restart, repeat].forEach(button => (button.disabled = model.is('disabled')));
    repeat.hidden = model.get('show_repeat') === false;
    repeat.setAttribute('aria-pressed', String(model.is('repeat')));
    schedule();
  });
  toggle.addEventListener('click', () => {
    const isOver = model.num('value') + model.num('step', 1) > model.num('max', 100);
    if (!model.is('playing') && isOver) {
      model.set({ value: model.num('min') });
    }
    model.put({ playing: !model.is('playing') });
  });
  restart.addEventListener('click', () => model.put({ playing: false, value: model.num('min') }));
  repeat.addEventListener('click', () => model.put({ repeat: !model.is('repeat') }));
  return h('div', { class: 'nx-row-fields', role: 'group' }, toggle, restart, repeat);
};

/** The Play view by name. */
export const plays: Record<string, ViewFactory> = { PlayView: play };
