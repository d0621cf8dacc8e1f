/** Links to a file that the app made: an opaque frame may not save, so the host is asked to. */
import type { IDownloadMessage } from '../core/protocol';

/** Where the sanitizers keep the file of a link. */
export const FILE = 'data-nx-file';

/** Make a link of the page out of an author's link to a `data:` file; whether it is one. */
export function keepFile(from: Element, to: Element): boolean {
  const href = from.getAttribute('href')?.trim() ?? '';
  if (from.localName !== 'a' || !from.hasAttribute('download') || !/^data:/i.test(href)) {
    return false;
  }
  const name = from.getAttribute('download') ?? '';
  to.setAttribute(FILE, href);
  to.setAttribute('download', name);
  to.setAttribute('href', '#'); // reachable by keyboard, leads nowhere
  to.removeAttribute('target');
  return true;
}

/** Read the bytes of a `data:` address; `null` when it is none. */
export function dataBytes(address: string): ArrayBuffer | null {
  const found = /^data:([^,]*),/i.exec(address);
  if (found === null) {
    return null;
  }
  const body = address.slice(found[0].length);
  try {
    if (!/;base64$/i.test(found[1].trim())) {
      return new TextEncoder().encode(decodeURIComponent(body)).buffer;
    }
    const binary = atob(decodeURIComponent(body));
    return Uint8Array.from(binary, char => char.charCodeAt(0)).buffer;
  } catch {
    return null;
  }
}

/** Read the file behind a link, if it has one. */
export function fileOf(link: Element): IDownloadMessage | null {
  const bytes = dataBytes(link.getAttribute(FILE) ?? '');
  return bytes && { type: 'download', name: link.getAttribute('download') ?? '', bytes };
}
