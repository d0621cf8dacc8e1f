/** A list of outputs, kept up to date with as little redrawing as possible. */
import type { IOutput } from '../../core/protocol';
import type { IAppContext } from '../context';
import { isEqual } from '../models/buffers';
import { Scope } from '../scope';
import { renderOutput } from './bundle';

interface IShown {
  output: IOutput;
  element: HTMLElement;
  scope: Scope;
}

/** An area that is cleared and filled again within this time is not blank in between. */
const CLEAR_DELAY = 250;

/** Shows outputs in an element. */
export class OutputArea {
  constructor(
    private readonly _element: HTMLElement,
    private readonly _app: IAppContext,
    private readonly _scope: Scope
  ) {
    _scope.add(() => clearTimeout(this._timer));
  }

  /** Show `outputs`; equal ones stay as they are. */
  show(outputs: IOutput[]): void {
    clearTimeout(this._timer);
    if (outputs.length === 0 && this._shown.length > 0) {
      this._timer = setTimeout(() => this._show([]), CLEAR_DELAY);
      return;
    }
    this._show(outputs);
  }

  private _show(outputs: IOutput[]): void {
    this._shown.splice(outputs.length).forEach(old => this._remove(old));
    outputs.forEach((output, index) => {
      const old = this._shown[index] as IShown | undefined;
      if (old === undefined || !isEqual(old.output, output)) {
        this._shown[index] = this._draw(output, old);
      }
    });
  }

  private _draw(output: IOutput, old: IShown | undefined): IShown {
    const scope = this._scope.child();
    const { element, ready } = renderOutput(output, this._app, scope);
    element.classList.add('nx-out');
    if (old === undefined) {
      this._element.append(element);
    } else if (ready === undefined) {
      old.element.before(element);
      this._remove(old);
    } else {
      // The old picture stays until the new one is drawn in its place.
      element.classList.add('nx-drawing');
      old.element.before(element);
      void ready.finally(() => {
        element.classList.remove('nx-drawing');
        this._remove(old);
      });
    }
    return { output, element, scope };
  }

  private _remove(old: IShown): void {
    old.scope.dispose();
    old.element.remove();
  }

  private readonly _shown: IShown[] = [];
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
