/** What the owner looks at, as a question may tell of it. */
import { ICellModel } from '@jupyterlab/cells';
import { IOutput, isError, isStream } from '@jupyterlab/nbformat';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';
import { IChatContext } from '../api/generated';

const MOST = 20000;
/** Escape sequences that colour a terminal. */
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b\[[0-9;]*m/g;

/** What is looked at, and how to call it. */
export interface ILook {
  context: IChatContext;
  /** The number of the cell, from 1; 0 for none. */
  cell: number;
}

/** Return what is looked at in a widget of the main area, if it can be told. */
export function lookAt(widget: Widget | null): ILook | null {
  if (!(widget instanceof NotebookPanel) || !widget.model) {
    return null;
  }
  const { activeCell, activeCellIndex } = widget.content;
  const path = widget.context.path;
  if (!activeCell) {
    return { context: { path }, cell: 0 };
  }
  const { output, error } = shownBy(activeCell.model);
  return {
    context: {
      path,
      cell_id: activeCell.model.id,
      cell_type: activeCell.model.type,
      source: activeCell.model.sharedModel.getSource().slice(0, MOST),
      output: output.slice(-MOST),
      error: error.slice(-MOST),
      selection: (activeCell.editor ? selected(activeCell.editor) : '').slice(0, MOST)
    },
    cell: activeCellIndex + 1
  };
}

function selected(editor: NonNullable<NotebookPanel['content']['activeCell']>['editor']): string {
  if (!editor) {
    return '';
  }
  const { start, end } = editor.getSelection();
  const a = editor.getOffsetAt(start);
  const b = editor.getOffsetAt(end);
  return editor.model.sharedModel.getSource().slice(Math.min(a, b), Math.max(a, b));
}

/** Return a cell's outputs as text, its error apart. */
export function shownBy(cell: ICellModel): { output: string; error: string } {
  const outputs = (cell.toJSON().outputs ?? []) as IOutput[];
  const texts: string[] = [];
  let error = '';
  for (const output of outputs) {
    if (isError(output)) {
      error =
        output.traceback.join('\n').replace(COLOURS, '') || `${output.ename}: ${output.evalue}`;
    } else if (isStream(output)) {
      texts.push(joined(output.text));
    } else {
      texts.push(joined((output.data as Record<string, unknown> | undefined)?.['text/plain']));
    }
  }
  return { output: texts.filter(Boolean).join('\n'), error };
}

function joined(text: unknown): string {
  return Array.isArray(text) ? text.join('') : typeof text === 'string' ? text : '';
}
