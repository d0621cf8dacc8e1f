/** Bring a file from the owner's machine into Jupyter's folder. */
import { PathExt } from '@jupyterlab/coreutils';
import { Contents } from '@jupyterlab/services';

/** What is sent at a time, in bytes: small enough for any proxy, a multiple of 3 for base64. */
export const CHUNK_BYTES = 768 * 1024;

/** What an upload needs of the contents manager. */
export type IUploadTarget = Pick<Contents.IManager, 'get' | 'save' | 'delete'>;

/**
 * Save a file in the root folder under its own name, or the next free one.
 *
 * @param onProgress - told the share that is sent, 0 to 1.
 * @returns its path
 */
export async function uploadFile(
  contents: IUploadTarget,
  file: File,
  onProgress: (share: number) => void
): Promise<string> {
  const path = await freePath(contents, file.name);
  const count = Math.max(1, Math.ceil(file.size / CHUNK_BYTES));
  try {
    for (let number = 1; number <= count; number++) {
      const start = (number - 1) * CHUNK_BYTES;
      const bytes = new Uint8Array(await file.slice(start, start + CHUNK_BYTES).arrayBuffer());
      const model: Partial<Contents.IModel> = {
        type: 'file',
        format: 'base64',
        content: encode(bytes)
      };
      // Jupyter counts from 1, and calls the last of several -1.
      const chunk = count === 1 ? {} : { chunk: number === count ? -1 : number };
      await contents.save(path, { ...model, ...chunk });
      onProgress(number / count);
    }
  } catch (error) {
    await contents.delete(path).catch(() => undefined); // half a table is worse than none
    throw error;
  }
  return path;
}

async function freePath(contents: IUploadTarget, name: string): Promise<string> {
  const ending = PathExt.extname(name);
  const stem = PathExt.basename(name, ending);
  for (let number = 1; ; number++) {
    const path = number === 1 ? name : `${stem}-${number}${ending}`;
    const isThere = await contents.get(path, { content: false }).then(
      () => true,
      () => false
    );
    if (!isThere) {
      return path;
    }
  }
}

function encode(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}
