/** The kernel's half of a relay: its widget comms, outputs and states as protocol messages. */
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { IDisposable } from '@lumino/disposable';
import {
  HostMessage,
  IClientCommMessage,
  IKernelOutputMessage,
  JsonObject,
  KernelState
} from './protocol';
import { buffersOf, sendComm, StatesRequest } from './states';

const WIDGET_TARGET = 'jupyter.widget';
const OUTPUTS = new Set([
  'display_data',
  'execute_result',
  'stream',
  'error',
  'update_display_data',
  'clear_output'
]);

/** How long to wait for a kernel's first answer, in ms; one that crashed may never give it. */
const INFO_PATIENCE = 1000;

/** Message ids remembered, so that none is used twice. */
const REMEMBERED = 4096;

/** See a kernel status as a person does. */
export function stateOf(status: Kernel.Status): KernelState {
  switch (status) {
    case 'idle':
    case 'busy':
      return status;
    case 'dead':
    case 'terminating':
      return 'stopped';
    default:
      return 'starting';
  }
}

/** Turns what one kernel says into messages for the client, and sends it what a client may say. */
export class KernelFeed implements IDisposable {
  constructor(
    /** The connection, made with `handleComms: false`. */
    readonly kernel: Kernel.IKernelConnection,
    private readonly _emit: (message: HostMessage) => void
  ) {
    kernel.iopubMessage.connect(this._onIOPub, this);
    kernel.statusChanged.connect(this._onStatus, this);
  }

  /** Whether the feed is over. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** What the kernel is doing. */
  get state(): KernelState {
    return stateOf(this.kernel.status);
  }

  /** Emit the states of all widgets once they are known, then call `done`; a newer question replaces an older one. */
  async readStates(done: () => void): Promise<void> {
    const request = new StatesRequest(this.kernel, states => {
      Object.keys(states).forEach(id => this._comms.add(id));
      this._emit({ type: 'models', states });
      done();
      void this._findOthers();
    });
    this._request = request;
    // While a connection is new, the server keeps what the kernel says on iopub to itself.
    await Promise.race([
      this.kernel.info.catch(() => undefined),
      new Promise(resolve => setTimeout(resolve, INFO_PATIENCE))
    ]);
    if (this._request === request && !this._isDisposed) {
      request.send();
    }
  }

  /** Send a client's message to its widget; `false` when the widget is not the kernel's. */
  send(message: IClientCommMessage): boolean {
    if (!this._comms.has(message.comm_id) || this._used.has(message.id)) {
      return false;
    }
    this._used.add(message.id);
    if (this._used.size > REMEMBERED) {
      this._used.delete(this._used.values().next().value ?? '');
    }
    const content = {
      comm_id: message.comm_id,
      data: message.data
    } as KernelMessage.ICommMsgMsg['content'];
    sendComm(this.kernel, 'comm_msg', content, { id: message.id, buffers: message.buffers });
    return true;
  }

  /** Let go of the kernel. */
  dispose(): void {
    this._isDisposed = true;
    this.kernel.iopubMessage.disconnect(this._onIOPub, this);
    this.kernel.statusChanged.disconnect(this._onStatus, this);
  }

  /** Ask for the states of widgets that ipywidgets does not know, such as plain anywidget comms. */
  private async _findOthers(): Promise<void> {
    try {
      const reply = await this.kernel.requestCommInfo({ target_name: WIDGET_TARGET });
      if (reply.content.status !== 'ok' || this._isDisposed) {
        return;
      }
      for (const id of Object.keys(reply.content.comms).filter(id => !this._comms.has(id))) {
        this._probes.add(id);
        sendComm(this.kernel, 'comm_msg', { comm_id: id, data: { method: 'request_state' } });
      }
    } catch {
      // The kernel went away: its successor is asked again.
    }
  }

  private _onStatus(_kernel: Kernel.IKernelConnection, status: Kernel.Status): void {
    const state = stateOf(status);
    if (state === 'starting' || state === 'stopped') {
      this._comms.clear();
    }
    // Busy and idle come with their parent on iopub.
    if (state !== 'busy' && state !== 'idle') {
      this._emit({ type: 'status', state });
    }
  }

  private _onIOPub(_kernel: Kernel.IKernelConnection, message: KernelMessage.IIOPubMessage): void {
    const type = message.header.msg_type as string;
    const content = message.content as JsonObject;
    const parent_id = (message.parent_header as { msg_id?: string }).msg_id ?? '';
    if (type === 'comm_open' || type === 'comm_msg' || type === 'comm_close') {
      this._onComm(type, message, parent_id);
    } else if (type === 'status') {
      const state = stateOf(content.execution_state as Kernel.Status);
      this._emit({ type: 'status', state, parent_id });
    } else if (OUTPUTS.has(type)) {
      const msg_type = type as IKernelOutputMessage['msg_type'];
      this._emit({ type: 'output', msg_type, content, parent_id });
    }
  }

  private _onComm(
    type: 'comm_open' | 'comm_msg' | 'comm_close',
    message: KernelMessage.IIOPubMessage,
    parent_id: string
  ): void {
    if (this._request?.take(message)) {
      return;
    }
    const content = message.content as { comm_id: string; target_name?: string; data: JsonObject };
    const { comm_id, target_name, data } = content;
    let sent = type;
    if (type === 'comm_open') {
      if (target_name !== WIDGET_TARGET) {
        return;
      }
      this._comms.add(comm_id);
    } else if (this._probes.has(comm_id) && type === 'comm_msg') {
      const state = data.state as JsonObject | undefined;
      if (data.method !== 'update' || state?._model_module === undefined) {
        return;
      }
      this._probes.delete(comm_id);
      this._comms.add(comm_id);
      sent = 'comm_open';
    } else if (!this._comms.has(comm_id)) {
      return;
    }
    if (type === 'comm_close') {
      this._comms.delete(comm_id);
    }
    const buffers = buffersOf(message);
    this._emit({ type: sent, comm_id, target_name: WIDGET_TARGET, data, buffers, parent_id });
  }

  private _isDisposed = false;
  private _request: StatesRequest | null = null;
  private readonly _comms = new Set<string>();
  private readonly _probes = new Set<string>();
  private readonly _used = new Set<string>();
}
