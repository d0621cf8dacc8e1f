/** Saves files that an app made, as far as the person behind the page asked for it. */
import { IDownload } from './protocol';

/** Data and pictures; nothing that a double click would run. */
const KINDS =
  /\.(?:csv|tsv|txt|json|jsonl|geojson|md|xlsx|ods|parquet|png|jpe?g|svg|gif|webp|pdf|ipynb|zip|ics|bib|tex|yaml|toml|wav|mp3|mp4)$/i;
const LONGEST = 120;
/** One click saves one file. */
const PAUSE = 1000;

/** Give a name that stays in the folder of downloads, with an ending that is data. */
export function safeName(name: string): string {
  const base = name.split(/[\\/]/).pop() ?? '';
  const plain = base
    .replace(/[^\p{L}\p{N} ._()+,=@-]/gu, '_')
    .replace(/^[ .]+/, '')
    .slice(-LONGEST)
    .trim();
  if (plain === '') {
    return 'file.txt';
  }
  return KINDS.test(plain) ? plain : `${plain}.txt`;
}

let last = -Infinity;

/**
 * Save a file, if the person just clicked or pressed a key.
 *
 * The browser knows that, whatever the app says: a click in a frame counts for the pages around it.
 */
export function saveDownload(download: IDownload): boolean {
  const now = performance.now();
  if (!navigator.userActivation?.isActive || now - last < PAUSE) {
    return false;
  }
  last = now;
  // The browser must not guess a kind that it opens itself.
  const url = URL.createObjectURL(new Blob([download.bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = safeName(download.name);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return true;
}
