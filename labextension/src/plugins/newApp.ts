/** New app: in the launcher, File > New, the palette. */
import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, ICommandPalette, Notification, showDialog } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { getJson, postStream, StreamLine } from '../api/client';
import { CommandIDs } from '../core/commands';
import { newAppIcon } from '../ui/icons';
import { INewAppOrder, NewAppForm } from '../ui/newAppForm';

/** Adds "New app" wherever something new is made. */
export const newAppPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nexus-jupyter:new-app',
  description: 'Builds a new app from a sentence.',
  autoStart: true,
  optional: [ILauncher, IMainMenu, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    menu: IMainMenu | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('nexus_jupyter');
    const command = CommandIDs.newApp;
    app.commands.addCommand(command, {
      label: args => (args.isPalette ? trans.__('New App…') : trans.__('New App')),
      caption: trans.__('Describe an app in a sentence'),
      icon: newAppIcon,
      describedBy: { args: {} },
      execute: () => newApp(app, trans)
    });
    launcher?.add({
      command,
      category: trans.__('Notebook'),
      rank: 0,
      // This category draws pictures of kernels and ignores a command's own icon.
      kernelIconUrl: `data:image/svg+xml;utf8,${encodeURIComponent(newAppIcon.svgstr.replace(/#616161/g, '#1976d2'))}`
    });
    menu?.fileMenu.newMenu.addGroup([{ command }], 25);
    palette?.addItem({ command, category: trans.__('Nexus'), args: { isPalette: true } });
  }
};

interface IBuilt {
  path: string;
  title: string;
  notes: string[];
}

async function newApp(app: JupyterFrontEnd, trans: TranslationBundle): Promise<void> {
  const { files } = await getJson<{ files: string[] }>('data');
  const body = new NewAppForm(files, app.serviceManager.contents, trans);
  const result = await showDialog<INewAppOrder>({
    title: trans.__('New app'),
    body,
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__('Build') })],
    focusNodeSelector: 'textarea'
  });
  if (result.button.accept && result.value) {
    await build(result.value, app.commands, trans);
  }
}

/** Build, with progress in a notification that can stop it. */
async function build(
  order: INewAppOrder,
  commands: CommandRegistry,
  trans: TranslationBundle
): Promise<void> {
  const stopper = new AbortController();
  const actions = [{ label: trans.__('Stop'), callback: () => stopper.abort() }];
  const id = Notification.emit(trans.__('Building the app…'), 'in-progress', {
    autoClose: false,
    actions
  });
  const fail = (message: string): void => {
    const chat = {
      label: trans.__('Open the chat'),
      callback: () => void commands.execute(CommandIDs.showChat)
    };
    Notification.update({ id, message, type: 'error', autoClose: false, actions: [chat] });
  };
  const onLine = (line: StreamLine): void => {
    if (typeof line.progress === 'string') {
      Notification.update({ id, message: `${line.progress}…`, actions });
    } else if (typeof line.error === 'string') {
      fail([line.message, line.remedy].filter(Boolean).join(' '));
    } else if (line.result) {
      const { path, title, notes } = line.result as IBuilt;
      Notification.update({
        id,
        message: [trans.__('“%1” is ready.', title), ...notes].join(' '),
        type: notes.length > 0 ? 'warning' : 'success',
        autoClose: notes.length > 0 ? false : 4000, // what was assumed wants to be read
        actions: []
      });
      void commands.execute(CommandIDs.openApp, { path, start: true });
    }
  };
  try {
    await postStream('apps', order, onLine, stopper.signal);
  } catch (error) {
    if (stopper.signal.aborted) {
      Notification.update({
        id,
        message: trans.__('Stopped.'),
        type: 'default',
        autoClose: 3000,
        actions: []
      });
    } else {
      fail(error instanceof Error ? error.message : String(error));
    }
  }
}
