/** Explain, fix and document: what Nexus does with the cell one looks at. */
import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IChatSend } from '../api/generated';
import { CommandIDs } from '../core/commands';
import { lookAt } from '../core/context';
import { ERROR_TYPE, ErrorWithFix } from '../ui/errorRenderer';
import { nexusIcon } from '../ui/icons';

/** Adds the commands, to the context menu of cells too. */
export const cellActionsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nexus-jupyter:cell-actions',
  description: 'Explain, fix and document cells.',
  autoStart: true,
  requires: [INotebookTracker, IRenderMimeRegistry],
  optional: [ILabShell, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    rendermime: IRenderMimeRegistry,
    shell: ILabShell | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('nexus_jupyter');
    const look = (): ReturnType<typeof lookAt> =>
      lookAt(shell?.currentWidget ?? notebooks.currentWidget);
    const add = (
      command: string,
      action: NonNullable<IChatSend['action']>,
      label: string,
      text: string
    ): void => {
      app.commands.addCommand(command, {
        label,
        icon: nexusIcon,
        describedBy: { args: {} },
        isEnabled: () => Boolean(look()?.context.source?.trim()),
        execute: async () => {
          const seen = look();
          if (seen) {
            await app.commands.execute(CommandIDs.ask, {
              text: `${text} (${trans.__('cell %1', seen.cell)})`,
              action,
              context: { ...seen.context, selection: '' }
            });
          }
        }
      });
      palette?.addItem({ command, category: trans.__('Nexus') });
    };
    add(
      CommandIDs.explainCell,
      'explain',
      trans.__('Explain This Cell'),
      trans.__('Explain this cell')
    );
    add(CommandIDs.fixCell, 'fix', trans.__('Fix This Cell'), trans.__('Fix this cell'));
    add(
      CommandIDs.documentCell,
      'document',
      trans.__('Document This Cell'),
      trans.__('Document this cell')
    );
    const fix = (node: HTMLElement): void => {
      const panel = shell?.currentWidget ?? notebooks.currentWidget;
      if (panel instanceof NotebookPanel) {
        const index = panel.content.widgets.findIndex(widget => widget.node === node);
        if (index >= 0) {
          panel.content.activeCellIndex = index;
          void app.commands.execute(CommandIDs.fixCell);
        }
      }
    };
    rendermime.addFactory(
      {
        safe: true,
        mimeTypes: [ERROR_TYPE],
        createRenderer: options => new ErrorWithFix(options, trans.__('Fix with Nexus'), fix)
      },
      0
    );
    const cell = '.jp-Notebook .jp-CodeCell';
    app.contextMenu.addItem({ type: 'separator', selector: cell, rank: 90 });
    [CommandIDs.explainCell, CommandIDs.fixCell, CommandIDs.documentCell].forEach((command, i) => {
      app.contextMenu.addItem({ command, selector: cell, rank: 91 + i });
    });
  }
};
