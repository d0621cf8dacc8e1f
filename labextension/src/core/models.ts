/** What the page knows of models: which is in use, who serves them, keys, what was spent. */
import { Token } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';
import { getJson, postJson, putJson, remove } from '../api/client';
import {
  IBudget,
  ICheckedConnection,
  IFinding,
  IKeyInfo,
  IModelList,
  IUsageReport
} from '../api/generated';

/** A provider that a key can be entered for. */
export interface IProvider {
  id: string;
  label: string;
}

/** The models of the owner. */
export interface IModels {
  /** Something changed. */
  readonly changed: ISignal<IModels, void>;
  /** The id of the model in use; empty for none. */
  readonly current: string;
  /** What can be chosen, as last loaded. */
  readonly list: IModelList;
  /** The keys, as last loaded. */
  readonly keys: readonly IKeyInfo[];
  /** Who a key can be entered for. */
  readonly providers: readonly IProvider[];
  /** What was spent, as last loaded. */
  readonly usage: IUsageReport | null;
  /** Ask which model is in use: starts nothing on the server. */
  look(): Promise<void>;
  /** Load everything. */
  load(): Promise<void>;
  /** Load what was spent, if it was loaded before: somebody may be looking at it. */
  refreshUsage(): Promise<void>;
  /** Use a model from now on; empty for none. */
  choose(model: string): Promise<void>;
  /** Keep a key, and try it. */
  setKey(provider: string, value: string): Promise<ICheckedConnection>;
  /** Forget a key. */
  removeKey(name: string): Promise<void>;
  /** Find out, at no cost, whether a provider can be used. */
  check(connection: string): Promise<ICheckedConnection>;
  /** Find out, at no cost, whether a question would be answered: step by step. */
  readiness(): Promise<IFinding[]>;
  /** Add a server of models, and try it. */
  addServer(name: string, address: string): Promise<ICheckedConnection>;
  /** Forget a server of models. */
  removeServer(name: string): Promise<void>;
  /** Set or lift the day's budget. */
  setBudget(budget: IBudget): Promise<void>;
}

/** The token of the models. */
export const IModels = new Token<IModels>(
  'nexus-jupyter:IModels',
  'Which model is in use, who serves them, keys, what was spent.'
);

const NONE: IModelList = { current: '', models: [], connections: [] };

/** The models, as the server tells of them. */
export class Models implements IModels {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get current(): string {
    return this._current;
  }

  get list(): IModelList {
    return this._list;
  }

  get keys(): readonly IKeyInfo[] {
    return this._keys;
  }

  get providers(): readonly IProvider[] {
    return this._providers;
  }

  get usage(): IUsageReport | null {
    return this._usage;
  }

  async look(): Promise<void> {
    const { model } = await getJson<{ model: string }>('status');
    this._current = model;
    this._changed.emit();
  }

  async load(): Promise<void> {
    const [list, held, usage] = await Promise.all([
      getJson<IModelList>('models'),
      getJson<{ keys: IKeyInfo[]; providers: IProvider[] }>('keys'),
      getJson<IUsageReport>('usage')
    ]);
    this._list = list;
    this._current = list.current ?? '';
    this._keys = held.keys;
    this._providers = held.providers;
    this._usage = usage;
    this._changed.emit();
  }

  async refreshUsage(): Promise<void> {
    if (this._usage) {
      this._usage = await getJson<IUsageReport>('usage');
      this._changed.emit();
    }
  }

  async choose(model: string): Promise<void> {
    const chosen = await putJson<{ model: string }>('models', { model });
    this._current = chosen.model;
    this._list = { ...this._list, current: chosen.model };
    this._changed.emit();
  }

  async setKey(provider: string, value: string): Promise<ICheckedConnection> {
    await putJson<IKeyInfo>(`keys/${provider}`, { value });
    return this.check(provider);
  }

  async removeKey(name: string): Promise<void> {
    await remove(`keys/${name}`);
    await this.load();
  }

  async check(connection: string): Promise<ICheckedConnection> {
    const checked = await postJson<ICheckedConnection>(`connections/${connection}`, {});
    await this.load();
    return checked;
  }

  async readiness(): Promise<IFinding[]> {
    return (await getJson<{ findings: IFinding[] }>('models/readiness')).findings;
  }

  async addServer(name: string, address: string): Promise<ICheckedConnection> {
    await putJson(`connections/${name}`, { api_base: address, label: name });
    return this.check(name);
  }

  async removeServer(name: string): Promise<void> {
    await remove(`connections/${name}`);
    await this.load();
  }

  async setBudget(budget: IBudget): Promise<void> {
    await putJson('budgets/day', budget);
    await this.load();
  }

  private _current = '';
  private _list = NONE;
  private _keys: IKeyInfo[] = [];
  private _providers: IProvider[] = [];
  private _usage: IUsageReport | null = null;
  private readonly _changed = new Signal<this, void>(this);
}
