/** The models: one object for the page, and a panel to manage them. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { CommandIDs } from '../core/commands';
import { IModels, Models } from '../core/models';
import { nexusIcon } from '../ui/icons';

/** Provides the models and the command that shows them. */
export const modelsPlugin: JupyterFrontEndPlugin<IModels> = {
  id: 'nexus-jupyter:models',
  description: 'Models, keys, servers of models, and what was spent.',
  autoStart: true,
  provides: IModels,
  optional: [ICommandPalette, IMainMenu, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    menu: IMainMenu | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ): IModels => {
    const trans = (translator ?? nullTranslator).load('nexus_jupyter');
    const models = new Models();
    const tracker = new WidgetTracker<MainAreaWidget>({ namespace: 'nexus-models' });
    let panel: MainAreaWidget | null = null;
    const command = CommandIDs.showModels;
    app.commands.addCommand(command, {
      label: trans.__('Models and Keys'),
      caption: trans.__('Which model Nexus uses, keys, servers and spending'),
      icon: nexusIcon,
      describedBy: { args: {} },
      execute: async () => {
        if (!panel || panel.isDisposed) {
          const { ModelsPanel } = await import('../ui/models/panel');
          panel = new MainAreaWidget({ content: new ModelsPanel(models, trans) });
          panel.toolbar.hide();
          panel.id = 'nexus-models';
          panel.title.label = trans.__('Models');
          panel.title.icon = nexusIcon;
          panel.title.closable = true;
          void tracker.add(panel);
        }
        if (!panel.isAttached) {
          app.shell.add(panel, 'main', { type: 'Nexus' });
        }
        app.shell.activateById(panel.id);
      }
    });
    palette?.addItem({ command, category: trans.__('Nexus') });
    menu?.settingsMenu.addGroup([{ command }], 100);
    void restorer?.restore(tracker, { command, name: () => 'models' });
    return models;
  }
};
