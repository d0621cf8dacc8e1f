/** All widget models of the app, by comm id. */
import { IKernelCommMessage, IModelState, JsonObject } from '../../core/protocol';
import { link } from './link';
import { IModelWire, Listener, WidgetModel } from './model';
import { OutputCapture } from './output';

const TARGET = 'jupyter.widget';
const REFERENCE = 'IPY_MODEL_';

/** Owns the widget models and takes the kernel's comm messages. */
export class ModelStore {
  constructor(private readonly _wire: IModelWire) {}

  /** Who takes the outputs that belong to an Output widget. */
  readonly capture = new OutputCapture();

  /** Find a model by its id or by an `IPY_MODEL_` reference. */
  find(reference: unknown): WidgetModel | null {
    if (typeof reference !== 'string') {
      return null;
    }
    const id = reference.startsWith(REFERENCE) ? reference.slice(REFERENCE.length) : reference;
    return this._models.get(id) ?? null;
  }

  /** Find a model, waiting for it a while. */
  async wait(reference: string, timeout = 10_000): Promise<WidgetModel> {
    const found = this.find(reference);
    if (found !== null) {
      return found;
    }
    return new Promise((resolve, reject) => {
      const stop = this.onAdded(() => {
        const model = this.find(reference);
        if (model !== null) {
          clearTimeout(timer);
          stop();
          resolve(model);
        }
      });
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`There is no widget ${reference}.`));
      }, timeout);
    });
  }

  /** Every model. */
  all(): WidgetModel[] {
    return [...this._models.values()];
  }

  /** Take the states that were read from the kernel; known models keep their views. */
  load(states: Record<string, IModelState>): void {
    for (const id of [...this._models.keys()]) {
      if (!Object.prototype.hasOwnProperty.call(states, id)) {
        this._remove(id);
      }
    }
    const added: WidgetModel[] = [];
    for (const [id, state] of Object.entries(states)) {
      const known = this._models.get(id);
      if (known !== undefined && known.name === state.model_name) {
        known.reload(state);
      } else {
        added.push(this._insert(id, state));
      }
    }
    added.forEach(model => this._start(model));
  }

  /** Take a comm message. */
  receive(message: IKernelCommMessage): void {
    const { comm_id: id, data, buffers = [], parent_id: parent } = message;
    if (message.type === 'comm_open') {
      if (message.target_name === TARGET && data.state) {
        const state = data.state as JsonObject;
        const source: IModelState = {
          model_name: String(state._model_name),
          model_module: String(state._model_module),
          state,
          buffer_paths: (data.buffer_paths as (string | number)[][]) ?? [],
          buffers
        };
        this._start(this._insert(id, source));
      }
    } else if (message.type === 'comm_close') {
      this._remove(id);
    } else {
      this._models.get(id)?.receive(data, buffers, parent);
    }
  }

  /** The kernel is idle after the message `id`. */
  idle(id: string): void {
    this._models.forEach(model => model.idle(id));
    this.capture.idle(id);
  }

  /** Forget every message in flight: the kernel they went to is gone. */
  resetSync(): void {
    this._models.forEach(model => model.resetSync());
  }

  /** Listen to new models; the result stops it. */
  onAdded(listener: Listener): () => void {
    this._added.add(listener);
    return () => this._added.delete(listener);
  }

  private _insert(id: string, source: IModelState): WidgetModel {
    this._remove(id);
    const model = new WidgetModel(id, source, this._wire);
    this._models.set(id, model);
    return model;
  }

  /** Start a model's behaviour when all its siblings are there. */
  private _start(model: WidgetModel): void {
    if (model.name === 'LinkModel' || model.name === 'DirectionalLinkModel') {
      link(model, this, model.name === 'LinkModel');
    } else if (model.name === 'OutputModel') {
      this.capture.watch(model);
    }
    [...this._added].forEach(listener => listener(model));
  }

  private _remove(id: string): void {
    const model = this._models.get(id);
    if (model !== undefined) {
      this._models.delete(id);
      model.trigger('destroy');
    }
  }

  private readonly _models = new Map<string, WidgetModel>();
  private readonly _added = new Set<Listener>();
}
