/** Reads every widget state of a kernel in one go. */
import { Kernel, KernelMessage } from '@jupyterlab/services';
import { UUID } from '@lumino/coreutils';
import { BufferPath, IModelState, JsonObject } from './protocol';

const CONTROL_TARGET = 'jupyter.widget.control';
const CONTROL_VERSION = '1.1.0';

/** Copy a kernel message's buffers into ArrayBuffers of their own. */
export function buffersOf(message: { buffers?: (ArrayBuffer | ArrayBufferView)[] }): ArrayBuffer[] {
  return (message.buffers ?? []).map(buffer =>
    ArrayBuffer.isView(buffer)
      ? (buffer.buffer.slice(
          buffer.byteOffset,
          buffer.byteOffset + buffer.byteLength
        ) as ArrayBuffer)
      : buffer
  );
}

/** Sort the buffers of an `update_states` reply to their models. */
export function parseStates(data: JsonObject, buffers: ArrayBuffer[]): Record<string, IModelState> {
  const states = (data.states ?? {}) as Record<string, IModelState>;
  const result: Record<string, IModelState> = {};
  for (const [id, state] of Object.entries(states)) {
    result[id] = { ...state, buffer_paths: [], buffers: [] };
  }
  ((data.buffer_paths ?? []) as BufferPath[]).forEach(([id, , ...path], index) => {
    result[id]?.buffer_paths?.push(path);
    result[id]?.buffers?.push(buffers[index]);
  });
  return result;
}

/** Send a comm message on the shell channel of a connection that handles no comms itself. */
export function sendComm<T extends 'comm_open' | 'comm_msg' | 'comm_close'>(
  kernel: Kernel.IKernelConnection,
  type: T,
  content: KernelMessage.IShellMessage<T>['content'],
  options: { id?: string; buffers?: ArrayBuffer[]; metadata?: JsonObject } = {}
): void {
  const message = KernelMessage.createMessage({
    channel: 'shell',
    msgType: type,
    session: kernel.clientId,
    username: kernel.username,
    msgId: options.id,
    content,
    metadata: options.metadata,
    buffers: options.buffers
  } as KernelMessage.IOptions<KernelMessage.ICommMsgMsg<'shell'>>);
  kernel.sendShellMessage(message, false, true);
}

/**
 * One question for all widget states.
 *
 * The answer is a message on iopub like any other: give `take` every comm message, so that the states keep
 * their place in the order of the kernel's messages.
 */
export class StatesRequest {
  constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    private readonly _done: (states: Record<string, IModelState>) => void
  ) {}

  /** Ask. */
  send(): void {
    const content = { comm_id: this._id, target_name: CONTROL_TARGET, data: {} };
    sendComm(this._kernel, 'comm_open', content, { metadata: { version: CONTROL_VERSION } });
    sendComm(this._kernel, 'comm_msg', { comm_id: this._id, data: { method: 'request_states' } });
  }

  /** Take a comm message; gives whether it was the answer. */
  take(message: KernelMessage.IIOPubMessage): boolean {
    const content = message.content as { comm_id?: string; data?: JsonObject };
    if (this._isDone || content.comm_id !== this._id) {
      return false;
    }
    this._isDone = true;
    if (message.header.msg_type === 'comm_close') {
      // A kernel without ipywidgets refuses the comm: it has no widgets.
      this._done({});
    } else {
      this._done(parseStates(content.data ?? {}, buffersOf(message)));
      sendComm(this._kernel, 'comm_close', { comm_id: this._id, data: {} });
    }
    return true;
  }

  private readonly _id = UUID.uuid4().replace(/-/g, '');
  private _isDone = false;
}
