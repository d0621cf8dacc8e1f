/** Every plugin of Nexus CoCreate for Jupyter, one module each in `plugins/`. */
import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { canvasPlugin } from './plugins/canvas';
import { cardsPlugin } from './plugins/cards';
import { cellActionsPlugin } from './plugins/cellActions';
import { chatPlugin } from './plugins/chat';
import { modelsPlugin } from './plugins/models';
import { newAppPlugin } from './plugins/newApp';
import { statusPlugin } from './plugins/status';

const plugins: JupyterFrontEndPlugin<unknown>[] = [
  statusPlugin,
  modelsPlugin,
  cardsPlugin,
  canvasPlugin,
  chatPlugin,
  newAppPlugin,
  cellActionsPlugin
];

export default plugins;
