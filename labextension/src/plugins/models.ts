/** The models: one object for the page, and a panel to manage them. */
import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  Dialog,
  ICommandPalette,
  MainAreaWidget,
  showDialog,
  WidgetTracker
} from '@jupyterlab/apputils';
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
  optional: [ILabShell, ICommandPalette, IMainMenu, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    shell: ILabShell | null,
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
        const { ModelsPanel } = await import('../ui/models/panel');
        if (!shell) {
          // Jupyter Notebook has room for one document only.
          await showDialog({
            title: trans.__('Models and keys'),
            body: new ModelsPanel(models, trans),
            buttons: [Dialog.okButton({ label: trans.__('Close') })]
          });
          return;
        }
        if (!panel || panel.isDisposed) {
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
