/** What an app view shows: told by the document that owns the cells. */
import { ISignal } from '@lumino/signaling';
import { ICell } from './protocol';

/** The cells of an app, and when they change. */
export interface IAppSource {
  /** Every cell, in order. */
  readonly cells: ICell[];
  /** Emits the cells that changed, or `null` when cells came, went or moved. */
  readonly changed: ISignal<IAppSource, ICell[] | null>;
}
