/** Every plugin of Nexus CoCreate for Jupyter, one module each in `plugins/`. */
import { JupyterFrontEndPlugin } from '@jupyterlab/application';
import { statusPlugin } from './plugins/status';

const plugins: JupyterFrontEndPlugin<unknown>[] = [statusPlugin];

export default plugins;
