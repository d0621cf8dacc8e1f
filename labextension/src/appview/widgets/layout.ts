/** The Layout model: CSS by name. */
import type { WidgetModel } from '../models/model';
import type { IView } from './view';

const KEYS = [
  'align_content',
  'align_items',
  'align_self',
  'border_bottom',
  'border_left',
  'border_right',
  'border_top',
  'bottom',
  'display',
  'flex',
  'flex_flow',
  'grid_area',
  'grid_auto_columns',
  'grid_auto_flow',
  'grid_auto_rows',
  'grid_column',
  'grid_gap',
  'grid_row',
  'grid_template_areas',
  'grid_template_columns',
  'grid_template_rows',
  'height',
  'justify_content',
  'justify_items',
  'left',
  'margin',
  'max_height',
  'max_width',
  'min_height',
  'min_width',
  'object_fit',
  'object_position',
  'order',
  'overflow',
  'padding',
  'right',
  'top',
  'visibility',
  'width'
];

/** Follow a model that `owner[key]` refers to, also when another takes its place. */
export function follow(
  owner: WidgetModel,
  key: string,
  view: IView,
  update: (model: WidgetModel | null) => void
): void {
  let stop = (): void => undefined;
  const attach = (): void => {
    stop();
    const model = view.app.store.find(owner.get(key));
    stop = model?.on('change', () => update(model)) ?? ((): void => undefined);
    update(model);
  };
  view.scope.add(owner.on(`change:${key}`, attach));
  view.scope.add(() => stop());
  attach();
}

/** Give `element` the CSS of its model's layout. */
export function applyLayout(element: HTMLElement, owner: WidgetModel, view: IView): void {
  let used: string[] = [];
  follow(owner, 'layout', view, layout => {
    used.forEach(name => element.style.removeProperty(name));
    used = [];
    for (const key of layout === null ? [] : KEYS) {
      const value = layout?.get(key);
      if (value != null && value !== '') {
        const name = key.replace(/_/g, '-');
        element.style.setProperty(name, String(value));
        used.push(name);
      }
    }
    element.classList.toggle('nx-sized', used.includes('width') || used.includes('flex'));
  });
}
