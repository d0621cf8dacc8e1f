/** The canvas: a second way to open notebooks, as apps. */
import {
  ILabShell,
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  createToolbarFactory,
  ICommandPalette,
  IThemeManager,
  IToolbarWidgetRegistry,
  Notification,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, NotebookPanel, NotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator, TranslationBundle } from '@jupyterlab/translation';
import { CommandToolbarButton } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { postJson } from '../api/client';
import { CANVAS, CommandIDs } from '../core/commands';
import { notebookPage, openAppPage, takeStart } from '../core/notebookPage';
import { CanvasFactory, CanvasPanel } from '../ui/canvas';
import { CanvasView } from '../ui/canvasBar';
import { nexusIcon } from '../ui/icons';

const TOOLBAR_ITEM = 'nexusView';
const NOTEBOOK_TRACKER = 'notebook';
/** Below this width of the page, in px, the sidebar and an app do not fit side by side. */
const NARROW = 640;

/** Registers the canvas's factory, its commands and its switch in the notebook toolbar. */
export const canvasPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nexus-jupyter:canvas',
  description: 'Opens notebooks as apps: an app view and a notebook view of one session.',
  autoStart: true,
  requires: [
    INotebookTracker,
    NotebookPanel.IContentFactory,
    IEditorServices,
    IRenderMimeRegistry,
    IDocumentManager
  ],
  optional: [
    IThemeManager,
    ICommandPalette,
    ILayoutRestorer,
    IToolbarWidgetRegistry,
    ISettingRegistry,
    IStateDB,
    ILabShell,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    contentFactory: NotebookPanel.IContentFactory,
    editors: IEditorServices,
    rendermime: IRenderMimeRegistry,
    documents: IDocumentManager,
    themes: IThemeManager | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    toolbars: IToolbarWidgetRegistry | null,
    settings: ISettingRegistry | null,
    state: IStateDB | null,
    shell: ILabShell | null,
    translatorOrNull: ITranslator | null
  ): void => {
    const translator = translatorOrNull ?? nullTranslator;
    const trans = translator.load('nexus_jupyter');
    const tracker = new WidgetTracker<CanvasPanel>({ namespace: 'nexus-canvas' });
    const factory = new CanvasFactory(
      {
        name: CANVAS,
        label: trans.__('Nexus app'),
        fileTypes: ['notebook'],
        modelName: 'notebook',
        preferKernel: false, // the app starts when the owner says so
        canStartKernel: true,
        autoStartDefault: false,
        rendermime,
        contentFactory,
        mimeTypeService: editors.mimeTypeService,
        translator,
        // The notebook's own toolbar, so that Build has every button a notebook has.
        toolbarFactory:
          toolbars && settings
            ? createToolbarFactory(
                toolbars,
                settings,
                'Notebook',
                '@jupyterlab/notebook-extension:panel',
                translator
              )
            : undefined
      },
      { services: app.serviceManager, themes, trans },
      app.docRegistry
    );
    const addFactory = (): unknown => app.docRegistry.addWidgetFactory(factory);
    if (notebookPage() === 'tree') {
      // A factory makes the page load its settings anew; it fails if it wants to use them meanwhile.
      void app.restored.then(addFactory);
    } else {
      addFactory();
    }
    const register = async (canvas: CanvasPanel): Promise<void> => {
      await tracker.add(canvas);
      // With a kernel the notebook tracker knows it too, so that notebook commands and the widget manager
      // do (the manager fails on a notebook without one). Only our tracker may restore it, or a reload
      // would open the file as a plain notebook as well.
      await canvas.session.hasKernel;
      if (canvas.isDisposed) {
        return;
      }
      const claim = async (): Promise<void> => {
        await state?.remove(`${NOTEBOOK_TRACKER}:${canvas.context.path}`);
        await tracker.save(canvas);
      };
      // A tracker takes no notice of a widget that has the focus before it is added.
      const focused = canvas.node.contains(document.activeElement)
        ? (document.activeElement as HTMLElement)
        : null;
      focused?.blur();
      await (notebooks as NotebookTracker).add(canvas);
      focused?.focus();
      app.commands.notifyCommandChanged(); // Build's toolbar asked before there was a current notebook
      await claim();
      canvas.context.pathChanged.connect(() => void claim());
    };
    factory.widgetCreated.connect((_, panel) => {
      const canvas = panel as CanvasPanel;
      canvas.title.icon = nexusIcon;
      void register(canvas);
      if (takeStart(canvas.context.path)) {
        void startWhenReady(canvas);
      }
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: 'docmanager:open',
        args: panel => ({ path: panel.context.path, factory: CANVAS }),
        name: panel => panel.context.path
      });
    }
    toolbars?.addFactory(
      'Notebook',
      TOOLBAR_ITEM,
      () =>
        new CommandToolbarButton({
          commands: app.commands,
          id: CommandIDs.toggleView,
          label: trans.__('App')
        })
    );
    addCommands(app.commands, { documents, notebooks, shell, tracker, trans });
    for (const command of [CommandIDs.startApp, CommandIDs.restartApp, CommandIDs.stopApp]) {
      palette?.addItem({ command, category: trans.__('Nexus') });
    }
    palette?.addItem({ command: CommandIDs.toggleView, category: trans.__('Nexus') });
  }
};

interface ICommandServices {
  documents: IDocumentManager;
  notebooks: INotebookTracker;
  shell: ILabShell | null;
  tracker: WidgetTracker<CanvasPanel>;
  trans: TranslationBundle;
}

function addCommands(commands: CommandRegistry, lab: ICommandServices): void {
  const { documents, notebooks, tracker, trans } = lab;
  const current = (): CanvasPanel | null => {
    const panel = notebooks.currentWidget;
    return panel instanceof CanvasPanel ? panel : null;
  };
  const isEnabled = (): boolean => current() !== null;
  const pathArgs = { type: 'object' as const, properties: { path: { type: 'string' as const } } };

  commands.addCommand(CommandIDs.openApp, {
    label: trans.__('Open as App'),
    icon: nexusIcon,
    describedBy: {
      args: { ...pathArgs, properties: { ...pathArgs.properties, start: { type: 'boolean' } } }
    },
    execute: async args => {
      const path = String(args.path);
      const start = args.start === true;
      // Jupyter Notebook opens even a shown document in a new tab, and closes it here.
      const panel = notebookPage()
        ? tracker.find(canvas => canvas.context.path === path)
        : (documents.openOrReveal(path, CANVAS) as CanvasPanel | undefined);
      if (!panel && notebookPage()) {
        await openElsewhere(path, start, lab);
      }
      if (panel && window.innerWidth < NARROW) {
        lab.shell?.collapseLeft(); // else the chat it was opened from would leave no room for it
      }
      await panel?.context.ready;
      await panel?.context.sessionContext.ready;
      if (start && panel) {
        await startWhenReady(panel);
      }
      return panel;
    }
  });
  commands.addCommand(CommandIDs.runApp, {
    label: trans.__('Run App'),
    describedBy: { args: pathArgs },
    execute: async args => {
      const path = String(args.path);
      const open = tracker.find(panel => panel.context.path === path);
      await (open ? startWhenReady(open) : postJson('apps/start', { path }));
      Notification.success(trans.__('“%1” is running.', PathExt.basename(path, '.ipynb')), {
        autoClose: 4000,
        actions: [
          {
            label: trans.__('Open'),
            callback: () => void commands.execute(CommandIDs.openApp, { path })
          }
        ]
      });
    }
  });
  commands.addCommand(CommandIDs.startApp, {
    label: trans.__('Start App'),
    describedBy: { args: {} },
    isEnabled,
    execute: () => current()?.session.start()
  });
  commands.addCommand(CommandIDs.restartApp, {
    label: trans.__('Restart App'),
    describedBy: { args: {} },
    isEnabled,
    execute: () => current()?.session.restart()
  });
  commands.addCommand(CommandIDs.stopApp, {
    label: trans.__('Stop App'),
    describedBy: { args: pathArgs },
    isEnabled: args => typeof args.path === 'string' || isEnabled(),
    execute: async args => {
      const path = typeof args.path === 'string' ? args.path : null;
      const open = path ? tracker.find(panel => panel.context.path === path) : current();
      if (open) {
        await open.session.stop();
      } else if (path) {
        await postJson('apps/stop', { path });
      }
    }
  });
  commands.addCommand(CommandIDs.toggleView, {
    label: () => (current() ? trans.__('Switch between App and Build') : trans.__('Open as App')),
    caption: trans.__('Show this notebook as an app'),
    icon: nexusIcon,
    describedBy: {
      args: { type: 'object', properties: { view: { enum: ['app', 'build'] } } }
    },
    isEnabled: () => notebooks.currentWidget !== null,
    execute: async args => {
      const canvas = current();
      if (canvas) {
        const other: CanvasView = canvas.view === 'app' ? 'build' : 'app';
        canvas.showView((args.view as CanvasView | undefined) ?? other);
        return;
      }
      const path = notebooks.currentWidget?.context.path;
      if (path && PathExt.extname(path) === '.ipynb') {
        await commands.execute(CommandIDs.openApp, { path });
      }
    }
  });
}

/** Start an app, unless it runs, as soon as it is known whether it does. */
async function startWhenReady(canvas: CanvasPanel): Promise<void> {
  await canvas.context.ready;
  await canvas.context.sessionContext.ready;
  const { status } = canvas.session.state;
  if (status !== 'running' && status !== 'busy') {
    await canvas.session.start();
  }
}

/** Open an app on a page of its own: in place of its notebook, else in a new tab. */
async function openElsewhere(path: string, start: boolean, lab: ICommandServices): Promise<void> {
  const { documents, trans } = lab;
  const notebook = documents.findWidget(path, null);
  if (notebook) {
    // Side by side, the two pages would have each a copy of the document and overwrite the other's.
    if (notebook.context.model.dirty) {
      await notebook.context.save();
    }
    openAppPage(path, '_self', start);
  } else if (!openAppPage(path, '_blank', start)) {
    Notification.info(trans.__('The browser did not open a new tab for the app.'), {
      autoClose: false,
      actions: [
        { label: trans.__('Open the app'), callback: () => void openAppPage(path, '_blank', start) }
      ]
    });
  }
}
