/** Every plugin of Nexus CoCreate for Jupyter, one module each in `plugins/`. */
import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { canvasPlugin } from './plugins/canvas';
import { cardsPlugin } from './plugins/cards';
import { chatPlugin } from './plugins/chat';
import { newAppPlugin } from './plugins/newApp';
import { statusPlugin } from './plugins/status';

const plugins: JupyterFrontEndPlugin<void>[] = [
  statusPlugin,
  cardsPlugin,
  canvasPlugin,
  chatPlugin,
  newAppPlugin
];

export default plugins;
