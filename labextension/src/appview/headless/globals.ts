/** What libraries expect of a window as soon as they load, for a bare V8; time passes only in `settle`. */

interface ITimer {
  id: number;
  at: number;
  run(): void;
}

let timers: ITimer[] = [];
let now = 0;
let nextId = 1;

function setTimer(run: (...args: unknown[]) => void, delay = 0, ...args: unknown[]): number {
  const id = nextId++;
  timers.push({ id, at: now + Number(delay), run: () => run(...args) });
  return id;
}

function clearTimer(id: number): void {
  timers = timers.filter(timer => timer.id !== id);
}

/** Run the timers that fall due within `span` virtual milliseconds, and every promise between them. */
export async function settle(span: number): Promise<void> {
  const end = now + span;
  for (let round = 0; round < 5000; round++) {
    // Promise chains of the dataflow are long; each turn of this loop lets them all run one step on.
    for (let step = 0; step < 50; step++) {
      await Promise.resolve();
    }
    timers.sort((a, b) => a.at - b.at || a.id - b.id);
    if (timers.length === 0 || timers[0].at > end) {
      return;
    }
    const timer = timers.shift() as ITimer;
    now = Math.max(now, timer.at);
    timer.run();
  }
}

class Observer {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

class Aborter {
  readonly signal = { aborted: false, addEventListener: (): void => undefined };
  abort(): void {
    this.signal.aborted = true;
  }
}

class Decoder {
  decode(bytes: Uint8Array): string {
    let text = '';
    bytes.forEach(byte => (text += String.fromCharCode(byte)));
    return decodeURIComponent(escape(text));
  }
}

function fillRandom(bytes: Uint8Array): Uint8Array {
  return bytes.map((_value, index) => (bytes[index] = Math.floor(Math.random() * 256)));
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function decodeBase64(text: string): string {
  let [bits, count, result] = [0, 0, ''];
  for (const letter of text.replace(/[\s=]/g, '')) {
    bits = ((bits << 6) | ALPHABET.indexOf(letter)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      result += String.fromCharCode((bits >> count) & 0xff);
    }
  }
  return result;
}

/** Media show by object URLs; here nothing is fetched from them. */
class FakeUrl {
  static createObjectURL(): string {
    return 'blob:null/0';
  }
  static revokeObjectURL(): void {}
  constructor(readonly href: string) {}
}

class FakeBlob {}

const nothing = (): void => undefined;

Object.assign(globalThis, {
  AbortController: Aborter,
  Blob: FakeBlob,
  ResizeObserver: Observer,
  TextDecoder: Decoder,
  URL: FakeUrl,
  addEventListener: nothing,
  atob: decodeBase64,
  cancelAnimationFrame: clearTimer,
  clearInterval: nothing,
  clearTimeout: clearTimer,
  console: { debug: nothing, error: nothing, info: nothing, log: nothing, warn: nothing },
  crypto: { getRandomValues: fillRandom },
  devicePixelRatio: 1,
  dispatchEvent: nothing,
  getComputedStyle: () => ({ getPropertyValue: () => '' }),
  location: { href: 'about:blank', origin: 'null' },
  navigator: { userAgent: '', language: 'en' },
  performance: { now: () => now },
  queueMicrotask: (run: () => void) => void Promise.resolve().then(run),
  removeEventListener: nothing,
  requestAnimationFrame: (run: (time: number) => void) => setTimer(() => run(now), 16),
  // A repeating timer would never settle.
  setInterval: () => nextId++,
  setTimeout: setTimer,
  structuredClone: (value: unknown): unknown => JSON.parse(JSON.stringify(value)),
  window: globalThis,
  self: globalThis
});
