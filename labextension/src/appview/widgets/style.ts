/** The Style models: colours and fonts of a control. */
import type { WidgetModel } from '../models/model';
import { follow } from './layout';
import type { IView } from './view';

/** Style traits and the CSS properties they become; `--nx-` ones are read by the client's style sheet. */
const PROPERTIES: Record<string, string> = {
  background: 'background',
  bar_color: '--nx-bar',
  button_color: '--nx-button',
  button_width: '--nx-button-width',
  description_width: '--nx-description-width',
  font_family: 'font-family',
  font_size: 'font-size',
  font_style: 'font-style',
  font_variant: 'font-variant',
  font_weight: 'font-weight',
  handle_color: '--nx-handle',
  text_color: 'color',
  text_decoration: 'text-decoration'
};

/** Give `element` the look of its model's style. */
export function applyStyle(element: HTMLElement, owner: WidgetModel, view: IView): void {
  follow(owner, 'style', view, style => {
    for (const [trait, property] of Object.entries(PROPERTIES)) {
      const value = style?.get(trait);
      if (value == null || value === '') {
        element.style.removeProperty(property);
      } else {
        element.style.setProperty(property, String(value));
      }
    }
    element.classList.toggle('nx-coloured', style?.get('button_color') != null);
  });
}
