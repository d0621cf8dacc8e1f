/** Keeps a chat's newest message in sight, unless its reader scrolled up. */
import { IDisposable } from '@lumino/disposable';

/** This near the end counts as being there, in px. */
const NEAR = 40;

/** Scrolls down as the messages grow. `@jupyter/chat` relies on scroll anchors, which hold only where one is in sight. */
export class Follower implements IDisposable {
  constructor(private readonly _box: HTMLElement) {
    this._box.addEventListener('scroll', this._onScroll, { passive: true });
    this._sizes = new ResizeObserver(() => {
      if (this._follows) {
        this.toEnd();
      }
    });
    this._sizes.observe(_box);
    for (const child of _box.children) {
      this._sizes.observe(child);
    }
  }

  /** Whether the follower is over. */
  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Show the end, and stay there. */
  toEnd(): void {
    this._follows = true;
    this._box.scrollTop = this._box.scrollHeight;
  }

  /** Stop. */
  dispose(): void {
    this._isDisposed = true;
    this._sizes.disconnect();
    this._box.removeEventListener('scroll', this._onScroll);
  }

  private readonly _onScroll = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = this._box;
    const isUp = scrollTop < this._top;
    // Growing messages move the end away without anybody scrolling: only a move up is a wish, and not the one
    // to the top that hiding the panel makes.
    if (scrollHeight - clientHeight - scrollTop < NEAR) {
      this._follows = true;
    } else if (isUp && clientHeight > 0 && this._height > 0) {
      this._follows = false;
    }
    this._top = scrollTop;
    this._height = clientHeight;
  };

  private _follows = true;
  private _top = 0;
  private _height = 0;
  private _isDisposed = false;
  private readonly _sizes: ResizeObserver;
}
