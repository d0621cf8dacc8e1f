/** Every widget the client knows by itself. */
import { anywidgets } from './anywidget';
import { boxes } from './boxes';
import { choices } from './choices';
import { numbers } from './numbers';
import { outputs } from './output';
import { sliders } from './sliders';
import { texts } from './text';
import { toggles } from './toggles';
import { register } from './view';

/** Make every widget known. */
export function registerWidgets(): void {
  [anywidgets, boxes, choices, numbers, outputs, sliders, texts, toggles].forEach(register);
}

export { card, createView } from './view';
