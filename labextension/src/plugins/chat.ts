/** The sidebar chat: a light panel that loads the chat when it is first shown. */
import { ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Message } from '@lumino/messaging';
import { BoxLayout, Widget } from '@lumino/widgets';
import { CommandIDs } from '../core/commands';
import { IModels } from '../core/models';
import type { IChatRequest } from '../ui/chat/channel';
import type { ChatPanel, IChatServices } from '../ui/chat/panel';
import { nexusIcon } from '../ui/icons';

/** Loads the chat when it is first shown. */
class ChatSidebar extends Widget {
  constructor(private readonly _lab: IChatServices) {
    super();
    this.id = 'nexus-chat';
    this.addClass('nx-ChatSidebar');
    this.title.icon = nexusIcon;
    this.title.caption = _lab.trans.__('Nexus: build apps by chatting');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _lab.trans.__('Nexus chat'));
    this.layout = new BoxLayout({ spacing: 0 });
  }

  /** The chat, loaded. */
  panel(): Promise<ChatPanel> {
    this._panel ??= import('../ui/chat/panel').then(module => {
      const panel = new module.ChatPanel(this._lab);
      (this.layout as BoxLayout).addWidget(panel);
      return panel;
    });
    return this._panel;
  }

  protected override onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    void this.panel();
  }

  private _panel: Promise<ChatPanel> | undefined;
}

/** Adds the chat to the left area, and the commands that reach it. */
export const chatPlugin: JupyterFrontEndPlugin<void> = {
  id: 'nexus-jupyter:chat',
  description: 'The Nexus chat in the sidebar.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IDocumentManager, IModels],
  optional: [INotebookTracker, IThemeManager, ICommandPalette, ILayoutRestorer, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    documents: IDocumentManager,
    models: IModels,
    notebooks: INotebookTracker | null,
    themes: IThemeManager | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('nexus_jupyter');
    const { commands, serviceManager: services, shell } = app;
    const sidebar = new ChatSidebar({
      commands,
      documents,
      models,
      notebooks,
      rendermime,
      services,
      shell,
      themes,
      trans
    });
    shell.add(sidebar, 'left', { rank: 150, type: 'Nexus' });
    restorer?.add(sidebar, sidebar.id);
    commands.addCommand(CommandIDs.showChat, {
      label: trans.__('Show the Nexus Chat'),
      icon: nexusIcon,
      describedBy: { args: {} },
      execute: async () => {
        shell.activateById(sidebar.id);
        (await sidebar.panel()).model.input.focus();
      }
    });
    commands.addCommand(CommandIDs.ask, {
      label: trans.__('Ask Nexus'),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            text: { type: 'string' },
            data: { type: 'array', items: { type: 'string' } },
            recipe: { type: 'string' },
            action: { type: 'string', enum: ['', 'explain', 'fix', 'document'] },
            context: { type: 'object' }
          },
          required: ['text']
        }
      },
      execute: async args => {
        shell.activateById(sidebar.id);
        (await sidebar.panel()).ask(args as unknown as IChatRequest);
      }
    });
    palette?.addItem({ command: CommandIDs.showChat, category: trans.__('Nexus') });
  }
};
