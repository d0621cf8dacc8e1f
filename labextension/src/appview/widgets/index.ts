/** Every widget the client knows by itself. */
import { anywidgets } from './anywidget';
import { boxes } from './boxes';
import { choices } from './choices';
import { media } from './media';
import { numbers } from './numbers';
import { outputs } from './output';
import { pickers } from './pickers';
import { plays } from './play';
import { sliders } from './sliders';
import { tagInputs } from './tags';
import { texts } from './text';
import { toggles } from './toggles';
import { register } from './view';

/** Make every widget known. */
export function registerWidgets(): void {
  [
    anywidgets,
    boxes,
    choices,
    media,
    numbers,
    outputs,
    pickers,
    plays,
    sliders,
    tagInputs,
    texts,
    toggles
  ].forEach(register);
}

export { card, createView } from './view';
