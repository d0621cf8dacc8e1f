/** The plugin that says this extension is here. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

/** Does nothing but exist, so that tests and other extensions can see that Nexus is loaded. */
export const statusPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nexus-jupyter:status',
  description: 'Says that Nexus CoCreate is installed.',
  autoStart: true,
  activate: (_app: JupyterFrontEnd): void => undefined
};
