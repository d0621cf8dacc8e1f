/** The chat as `@jupyter/chat` shows it, fed from the server's log. */
import {
  AbstractChatContext,
  AbstractChatModel,
  IChatContext,
  IChatModel,
  IMessageContent,
  INewMessage,
  IUser
} from '@jupyter/chat';
import { TranslationBundle } from '@jupyterlab/translation';
import { ISignal, Signal } from '@lumino/signaling';
import { IChatContext as ILooked } from '../../api/generated';
import { plainDollars, typedDollars } from '../../core/dollars';
import { ISpent } from '../../core/money';
import { ChatChannel, ChatEvent, IChatRequest, ILogEntry } from './channel';

/** The assistant. */
export const NEXUS: IUser = {
  username: 'nexus',
  display_name: 'Nexus',
  initials: 'N',
  color: 'var(--jp-brand-color1)',
  mention_name: 'nexus',
  bot: true
};

class Context extends AbstractChatContext {
  get users(): IUser[] {
    return [NEXUS];
  }
}

declare module '@jupyter/chat' {
  /** What we keep with a message. */
  interface IMessageMetadata {
    /** The id it has on the server; its parts share it. */
    of?: string;
    /** What it used, once it is whole. */
    spent?: ISpent;
    /** Whether it is whole. */
    isWhole?: boolean;
  }
}

/** What goes on beside the messages. */
export interface IActivity {
  isConnected: boolean;
  isBusy: boolean;
  progress: string;
  problem: string;
}

/** The model of one chat. */
export class NexusChatModel extends AbstractChatModel {
  constructor(
    options: IChatModel.IOptions & {
      channel: ChatChannel;
      user: IUser;
      trans: TranslationBundle;
    }
  ) {
    super(options);
    this._channel = options.channel;
    this._owner = options.user;
    this._trans = options.trans;
    this._channel.received.connect(this._onEvent, this);
    this._channel.connectionChanged.connect((_, isConnected) => this._note({ isConnected }));
    this.setReady();
  }

  /** The owner. */
  get user(): IUser {
    return this._owner;
  }

  /** What goes on beside the messages changed. */
  get activityChanged(): ISignal<this, IActivity> {
    return this._activityChanged;
  }

  /** What goes on beside the messages. */
  get activity(): IActivity {
    return this._activity;
  }

  /** The owner asked for something. */
  get asked(): ISignal<this, IChatRequest> {
    return this._asked;
  }

  /** A model's answer is whole, and used this. */
  get spent(): ISignal<this, ISpent> {
    return this._spent;
  }

  /** Send what the owner typed, with the files attached to it. */
  override sendMessage(message: INewMessage): boolean {
    const data = this.input.attachments.filter(a => a.type === 'file').map(a => a.value);
    const isSent = this.ask({ text: message.body, data, ...this._looked() });
    if (isSent) {
      this.input.clearAttachments();
    } else {
      // Nothing typed is lost while the server is away; the input empties itself after this call.
      queueMicrotask(() => (this.input.value = message.body));
      this._isUnsentTyped = true;
    }
    return isSent;
  }

  /** Send a request; without a connection, as soon as there is one. */
  ask(request: IChatRequest): boolean {
    this._asked.emit(request);
    const isSent = this._channel.send(request);
    this._unsent = isSent ? null : request;
    this._isUnsentTyped = false;
    this._note({
      problem: isSent
        ? ''
        : this._trans.__('Not connected. Your message is sent when the server answers.')
    });
    return isSent;
  }

  /** Say something else in the place of an earlier message. */
  updateMessage(_id: string, message: IMessageContent): Promise<boolean> | boolean {
    const of = message.metadata?.of;
    const isText = typeof message.body === 'string';
    return of !== undefined && isText
      ? this.ask({ text: typedDollars(message.body as string), instead_of: of, ...this._looked() })
      : false;
  }

  /** Have a message answered anew. */
  regenerate(messageId: string): void {
    this._note({ problem: '' });
    this._channel.regenerate(messageId);
  }

  /** What the owner looks at, as it goes along with a question; null for nothing. */
  looks: () => ILooked | null = () => null;

  private _looked(): { context?: ILooked } {
    const context = this.looks();
    return context ? { context } : {};
  }

  /** Stop the answer under way. */
  stop(): void {
    this._channel.stop();
  }

  /** Forget the chat, here and on the server. */
  forget(): void {
    this._channel.clear();
  }

  /** What the input may know of the chat. */
  createChatContext(): IChatContext {
    return new Context({ model: this });
  }

  /** Close the channel too. */
  override dispose(): void {
    this._channel.dispose();
    super.dispose();
  }

  private _onEvent(_: ChatChannel, event: ChatEvent): void {
    switch (event.kind) {
      case 'hello':
        if (event.reset) {
          this._texts.clear();
          this._senders.clear();
          this.clearMessages();
        }
        this._note({ isConnected: true, isBusy: event.busy, progress: '', problem: '' });
        this._sendUnsent();
        break;
      case 'progress':
        this._note({ isBusy: event.text !== '', progress: event.text });
        break;
      case 'refused':
        this._note({ problem: [event.message, event.remedy].filter(Boolean).join(' ') });
        break;
      default:
        this._onEntry(event);
    }
  }

  private _onEntry(entry: ILogEntry): void {
    const id = entry.message_id;
    switch (entry.kind) {
      case 'start':
        this._senders.set(id, entry.body.sender === 'user' ? this._owner : NEXUS);
        break;
      case 'delta':
        this._texts.set(id, (this._texts.get(id) ?? '') + String(entry.body.text));
        this._schedule(id, entry.time);
        break;
      case 'part': {
        this._flush();
        const data = { [String(entry.body.mime)]: entry.body.data } as IMimeData;
        this._add(`${id}-${entry.seq}`, { data }, id, entry.time);
        break;
      }
      case 'retract':
        this._retract(id);
        break;
      case 'end':
        this._end(entry);
    }
  }

  private _end(entry: ILogEntry): void {
    const words: Record<string, string> = {
      stopped: this._trans.__('Stopped.'),
      interrupted: this._trans.__('The server stopped while Nexus was answering. Ask again.')
    };
    const word = words[String(entry.body.status)];
    this._flush();
    if (word) {
      const text = this._texts.get(entry.message_id);
      this._texts.set(entry.message_id, text ? `${text}\n\n*${word}*` : `*${word}*`);
      this._schedule(entry.message_id, entry.time);
      this._flush();
    }
    this._texts.delete(entry.message_id);
    const last = this.messages.findLast(message => message.metadata?.of === entry.message_id);
    const spent = entry.body.spent as ISpent | undefined;
    last?.update({ metadata: { of: entry.message_id, isWhole: true, ...(spent && { spent }) } });
    if (spent) {
      this._spent.emit(spent);
    }
  }

  /** Take a message and all that follow out of sight. */
  private _retract(of: string): void {
    this._flush();
    const start = this.messages.findIndex(message => message.metadata?.of === of);
    if (start >= 0) {
      this.messagesDeleted(start, this.messages.length - start);
    }
  }

  /** Draw text seldom enough: each change renders the message's Markdown anew, and long ones take longer. */
  private _schedule(id: string, time: number): void {
    this._waiting.set(id, time);
    if (this._timer === undefined) {
      const length = this._texts.get(id)?.length ?? 0;
      this._timer = setTimeout(() => this._flush(), Math.min(500, 16 + length / 40));
    }
  }

  private _flush(): void {
    clearTimeout(this._timer);
    this._timer = undefined;
    for (const [id, time] of this._waiting) {
      const body = plainDollars(this._texts.get(id) ?? '');
      // The newest message is the one that grows: look from the end.
      const known = this.messages.findLast(message => message.id === id);
      if (known) {
        known.update({ body });
      } else {
        this._add(id, body, id, time);
      }
    }
    this._waiting.clear();
  }

  private _add(id: string, body: IMessageContent['body'], of: string, time: number): void {
    const sender = this._senders.get(of) ?? NEXUS;
    this.messageAdded({ type: 'msg', id, body, time, sender, metadata: { of } });
  }

  /** Send what waited for the connection, unless the owner went on typing. */
  private _sendUnsent(): void {
    const request = this._unsent;
    this._unsent = null;
    if (!request) {
      return;
    }
    if (!this._isUnsentTyped) {
      this.ask(request);
    } else if (this.input.value === request.text && this.ask(request)) {
      this.input.value = '';
      this.input.clearAttachments();
    }
  }

  private _note(change: Partial<IActivity>): void {
    this._activity = { ...this._activity, ...change };
    this._activityChanged.emit(this._activity);
  }

  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _unsent: IChatRequest | null = null;
  private _isUnsentTyped = false;
  private _activity: IActivity = { isConnected: true, isBusy: false, progress: '', problem: '' };
  private readonly _channel: ChatChannel;
  private readonly _owner: IUser;
  private readonly _trans: TranslationBundle;
  private readonly _texts = new Map<string, string>();
  private readonly _senders = new Map<string, IUser>();
  private readonly _waiting = new Map<string, number>();
  private readonly _asked = new Signal<this, IChatRequest>(this);
  private readonly _spent = new Signal<this, ISpent>(this);
  private readonly _activityChanged = new Signal<this, IActivity>(this);
}

type IMimeData = Exclude<IMessageContent['body'], string>['data'];
