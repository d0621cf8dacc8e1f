/** The chat's websocket: opens, follows the log from where it was, and opens again. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { IChatSend } from '../../api/generated';

/** One entry of a chat's log. */
export interface ILogEntry {
  seq: number;
  kind: 'start' | 'delta' | 'part' | 'end' | 'retract';
  message_id: string;
  body: Record<string, unknown>;
  time: number;
}

/** What a server may say. */
export type ChatEvent =
  | ILogEntry
  | { kind: 'hello'; reset: boolean; last: number; busy: boolean }
  | { kind: 'progress'; text: string }
  | { kind: 'refused'; message: string; remedy: string };

/** What the owner asks for. */
export type IChatRequest = IChatSend;

const FIRST_DELAY = 500;
const LAST_DELAY = 15000;

/** A chat's connection to the server. */
export class ChatChannel implements IDisposable {
  constructor(private readonly _chatId: string) {
    this._open();
  }

  /** The server said something. */
  get received(): ISignal<this, ChatEvent> {
    return this._received;
  }

  /** The connection came or went. */
  get connectionChanged(): ISignal<this, boolean> {
    return this._connectionChanged;
  }

  /** Whether the channel is closed for good. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Send a message; `false` when there is no connection. */
  send(request: IChatRequest): boolean {
    return this._post({ kind: 'send', ...request });
  }

  /** Have a message answered anew. */
  regenerate(messageId: string): void {
    this._post({ kind: 'regenerate', message_id: messageId });
  }

  /** Stop the answer under way. */
  stop(): void {
    this._post({ kind: 'stop' });
  }

  /** Forget the chat. */
  clear(): void {
    this._post({ kind: 'clear' });
  }

  /** Close for good. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      clearTimeout(this._timer);
      this._socket?.close();
      Signal.clearData(this);
    }
  }

  private _post(message: unknown): boolean {
    if (this._socket?.readyState !== WebSocket.OPEN) {
      return false;
    }
    this._socket.send(JSON.stringify(message));
    return true;
  }

  private _open(): void {
    const settings = ServerConnection.makeSettings();
    const path = URLExt.join(settings.wsUrl, 'nexus/api/chats', this._chatId, 'channel');
    const query = new URLSearchParams({ since: String(this._last) });
    if (settings.appendToken && settings.token) {
      query.set('token', settings.token);
    }
    const socket = new settings.WebSocket(`${path}?${query.toString()}`);
    this._socket = socket;
    socket.onopen = () => {
      this._delay = FIRST_DELAY;
      this._connectionChanged.emit(true);
    };
    socket.onmessage = event => this._take(JSON.parse(event.data as string) as ChatEvent);
    socket.onclose = () => {
      if (!this._isDisposed) {
        this._connectionChanged.emit(false);
        this._timer = setTimeout(() => this._open(), this._delay);
        this._delay = Math.min(LAST_DELAY, this._delay * 2);
      }
    };
  }

  private _take(event: ChatEvent): void {
    if (event.kind === 'hello' && event.reset) {
      this._last = 0;
    } else if ('seq' in event) {
      this._last = event.seq;
    }
    this._received.emit(event);
  }

  private _last = 0;
  private _delay = FIRST_DELAY;
  private _isDisposed = false;
  private _socket: WebSocket | null = null;
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private readonly _received = new Signal<this, ChatEvent>(this);
  private readonly _connectionChanged = new Signal<this, boolean>(this);
}
