/** The cells of an open notebook, as the app view shows them. */
import { ICellModel, isCodeCellModel } from '@jupyterlab/cells';
import { INotebookModel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';
import { ISignal, Signal } from '@lumino/signaling';
import { ICell, IOutput } from './protocol';
import { IAppSource } from './source';

/** Reads roles and outputs from the shared model, and tells what changed, at most once a frame. */
export class NotebookSource implements IAppSource, IDisposable {
  constructor(private readonly _model: INotebookModel) {
    _model.cells.changed.connect(this._onList, this);
    this._watch();
  }

  /** Every cell, in order. */
  get cells(): ICell[] {
    return Array.from(this._model.cells, describe);
  }

  /** Emits the cells that changed, or `null` when cells came, went or moved. */
  get changed(): ISignal<this, ICell[] | null> {
    return this._changed;
  }

  /** Whether the source is over. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Stop. */
  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this._model.cells.changed.disconnect(this._onList, this);
      this._watched.forEach(stop => stop());
      this._watched.clear();
      Signal.clearData(this);
    }
  }

  private _onList(): void {
    this._watch();
    this._all = true;
    this._schedule();
  }

  /** Follow the outputs, sources and roles of cells not followed yet. */
  private _watch(): void {
    const present = new Set<ICellModel>(this._model.cells);
    for (const [cell, stop] of this._watched) {
      if (!present.has(cell)) {
        stop();
        this._watched.delete(cell);
      }
    }
    for (const cell of present) {
      if (!this._watched.has(cell)) {
        this._watched.set(cell, this._follow(cell));
      }
    }
  }

  private _follow(cell: ICellModel): () => void {
    const touch = (): void => {
      this._touched.add(cell);
      this._schedule();
    };
    const outputs = isCodeCellModel(cell) ? cell.outputs : null;
    outputs?.changed.connect(touch);
    cell.metadataChanged.connect(touch);
    if (cell.type === 'markdown') {
      cell.contentChanged.connect(touch);
    }
    return () => {
      outputs?.changed.disconnect(touch);
      cell.metadataChanged.disconnect(touch);
      cell.contentChanged.disconnect(touch);
    };
  }

  private _schedule(): void {
    if (!this._isScheduled && !this._isDisposed) {
      this._isScheduled = true;
      requestAnimationFrame(() => this._flush());
    }
  }

  private _flush(): void {
    this._isScheduled = false;
    if (this._isDisposed) {
      return;
    }
    const cells = this._all ? null : Array.from(this._touched, describe);
    this._all = false;
    this._touched.clear();
    this._changed.emit(cells);
  }

  private _all = false;
  private _isScheduled = false;
  private _isDisposed = false;
  private readonly _touched = new Set<ICellModel>();
  private readonly _watched = new Map<ICellModel, () => void>();
  private readonly _changed = new Signal<this, ICell[] | null>(this);
}

function describe(cell: ICellModel): ICell {
  const nexus = cell.getMetadata('nexus') as { role?: unknown } | undefined;
  const isCode = isCodeCellModel(cell);
  const role = typeof nexus?.role === 'string' ? nexus.role : isCode ? 'app' : 'doc';
  return {
    id: cell.id,
    role,
    cell_type: cell.type,
    source: cell.type === 'markdown' ? cell.sharedModel.getSource() : undefined,
    outputs: isCode ? (cell.outputs.toJSON() as unknown as IOutput[]) : []
  };
}
