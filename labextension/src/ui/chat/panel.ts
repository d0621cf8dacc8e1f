/** The chat panel; this module and `@jupyter/chat` are loaded when the panel is first shown. */
import {
  ActiveCellManager,
  AttachmentOpenerRegistry,
  ChatCommandRegistry,
  ChatWidget,
  InputToolbarRegistry
} from '@jupyter/chat';
import { JupyterFrontEnd } from '@jupyterlab/application';
import { IThemeManager } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ServiceManager } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { BoxLayout, Widget } from '@lumino/widgets';
import { ILook, lookAt } from '../../core/context';
import { IModels } from '../../core/models';
import { ActivityBar } from './activityBar';
import { ChatHeader } from './header';
import { ChatChannel, IChatRequest } from './channel';
import { Follower } from './follow';
import { footers } from './footer';
import { LookChip } from './lookChip';
import { NexusChatModel } from './model';

/** What the panel needs of JupyterLab. */
export interface IChatServices {
  commands: CommandRegistry;
  documents: IDocumentManager;
  models: IModels;
  notebooks: INotebookTracker | null;
  rendermime: IRenderMimeRegistry;
  services: ServiceManager.IManager;
  shell: JupyterFrontEnd.IShell;
  themes: IThemeManager | null;
  trans: TranslationBundle;
}

const CHAT = 'main';

/** Messages, activity and input. */
export class ChatPanel extends Widget {
  constructor(lab: IChatServices) {
    super();
    this.addClass('nx-ChatPanel');
    const identity = lab.services.user.identity;
    this.model = new NexusChatModel({
      id: CHAT,
      channel: new ChatChannel(CHAT),
      user: {
        username: identity?.username ?? 'you',
        display_name: lab.trans.__('You'),
        initials: (identity?.initials ?? 'Y').slice(0, 2),
        color: identity?.color
      },
      trans: lab.trans,
      commands: lab.commands,
      documentManager: lab.documents,
      activeCellManager: lab.notebooks
        ? new ActiveCellManager({ tracker: lab.notebooks, shell: lab.shell })
        : undefined,
      config: {
        unreadNotifications: false,
        enableCodeToolbar: lab.notebooks !== null,
        stackMessages: true
      }
    });
    this.model.name = 'Nexus';
    this.model.asked.connect(() => this._follower?.toEnd());
    this.model.spent.connect(() => void lab.models.refreshUsage().catch(() => undefined));
    const openers = new AttachmentOpenerRegistry();
    openers.set('file', attachment => {
      void lab.commands.execute('docmanager:open', { path: attachment.value });
    });
    const chat = new ChatWidget({
      model: this.model,
      rmRegistry: lab.rendermime,
      themeManager: lab.themes,
      chatCommandRegistry: new ChatCommandRegistry(),
      attachmentOpenerRegistry: openers,
      inputToolbarRegistry: InputToolbarRegistry.defaultToolbarRegistry(),
      messageFooterRegistry: footers(lab.trans),
      welcomeMessage: lab.trans.__(
        '**What would you like to build?**\n\nDescribe an app in a sentence, for example *compare body mass by species*. Attach a table, or name one that lies in this folder.\n'
      ),
      area: 'sidebar'
    });
    // `@jupyter/chat` has no option for the words in its input.
    this._observer = new MutationObserver(() => {
      nameInput(chat.node, lab.trans);
      this._follow(chat.node);
    });
    this._observer.observe(chat.node, { childList: true, subtree: true });
    const layout = (this.layout = new BoxLayout({ direction: 'top-to-bottom', spacing: 0 }));
    const activity = new ActivityBar(this.model, lab.trans);
    const header = new ChatHeader(this.model, lab);
    BoxLayout.setStretch(header, 0);
    BoxLayout.setStretch(chat, 1);
    BoxLayout.setStretch(activity, 0);
    layout.addWidget(header);
    layout.addWidget(chat);
    layout.addWidget(activity);
    const chip = new LookChip(lab.trans);
    BoxLayout.setStretch(chip, 0);
    layout.addWidget(chip);
    this._showLooks(lab, chip);
  }

  /** Let a question tell what its owner looks at, where a model answers and the chip is on. */
  private _showLooks(lab: IChatServices, chip: LookChip): void {
    const look = (): ILook | null => (lab.models.current ? lookAt(lab.shell.currentWidget) : null);
    const update = (): void => chip.setLook(look());
    this.model.looks = () => (chip.isOn ? (look()?.context ?? null) : null);
    const { shell } = lab;
    lab.models.changed.connect(update);
    shell.currentChanged?.connect(update);
    lab.notebooks?.activeCellChanged.connect(update);
    this.disposed.connect(() => {
      lab.models.changed.disconnect(update);
      shell.currentChanged?.disconnect(update);
      lab.notebooks?.activeCellChanged.disconnect(update);
    });
    lab.models.look().then(update, () => undefined); // the chat says itself that the server is away
  }

  /** The chat. */
  readonly model: NexusChatModel;

  /** Send a request as if it had been typed. */
  ask(request: IChatRequest): void {
    this.model.ask(request);
  }

  /** Follow the messages, as soon as their box is there. */
  private _follow(chat: HTMLElement): void {
    const box = chat.querySelector<HTMLElement>('[id^=jupyter-chat-scroll-container]');
    if (box && box !== this._followed) {
      this._follower?.dispose();
      this._followed = box;
      this._follower = new Follower(box);
    }
  }

  /** Close the connection. */
  override dispose(): void {
    this._observer.disconnect();
    this._follower?.dispose();
    this.model.dispose();
    super.dispose();
  }

  private _followed: HTMLElement | null = null;
  private _follower: Follower | null = null;
  private readonly _observer: MutationObserver;
}

/** Say in the input what to type there. */
function nameInput(chat: HTMLElement, trans: TranslationBundle): void {
  const input = chat.querySelector<HTMLTextAreaElement>(
    '.jp-chat-input-container textarea:not([aria-hidden])'
  );
  if (input && !input.hasAttribute('aria-label')) {
    input.setAttribute('aria-label', trans.__('Ask, or describe an app'));
    input.placeholder = trans.__('Ask, or describe an app…');
  }
}
