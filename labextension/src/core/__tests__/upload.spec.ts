// @vitest-environment node -- jsdom has no File.arrayBuffer
import { Contents } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, IUploadTarget, uploadFile } from '../upload';

/** A contents manager that puts the chunks it is sent together, as Jupyter does. */
class FakeContents {
  readonly files = new Map<string, string>();
  failsAt = 0;
  calls = 0;

  get(path: string): Promise<Contents.IModel> {
    return this.files.has(path)
      ? Promise.resolve({ path } as Contents.IModel)
      : Promise.reject(new Error('404'));
  }

  save(
    path: string,
    model: Partial<Contents.IModel> & { chunk?: number }
  ): Promise<Contents.IModel> {
    this.calls += 1;
    if (this.calls === this.failsAt) {
      return Promise.reject(new Error('No space left'));
    }
    const isFirst = model.chunk === undefined || model.chunk === 1;
    const before = isFirst ? '' : (this.files.get(path) ?? '');
    this.files.set(path, before + atob(model.content as string));
    return Promise.resolve({ path } as Contents.IModel);
  }

  delete(path: string): Promise<void> {
    this.files.delete(path);
    return Promise.resolve();
  }
}

function upload(contents: FakeContents, file: File, shares: number[] = []): Promise<string> {
  return uploadFile(contents as unknown as IUploadTarget, file, share => shares.push(share));
}

const table = (size: number): File =>
  new File([Uint8Array.from({ length: size }, (_, i) => i % 251)], 'table.csv');

async function text(file: File): Promise<string> {
  return Array.from(new Uint8Array(await file.arrayBuffer()), b => String.fromCharCode(b)).join('');
}

describe('uploading', () => {
  it.each([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])(
    'arrives byte by byte: %i',
    async size => {
      const contents = new FakeContents();
      const shares: number[] = [];
      const file = table(size);
      expect(await upload(contents, file, shares)).toBe('table.csv');
      expect(contents.files.get('table.csv')).toBe(await text(file));
      expect(shares.at(-1)).toBe(1);
    }
  );

  it('overwrites nothing', async () => {
    const contents = new FakeContents();
    contents.files.set('table.csv', 'old');
    contents.files.set('table-2.csv', 'older');
    expect(await upload(contents, table(3))).toBe('table-3.csv');
    expect(contents.files.get('table.csv')).toBe('old');
  });

  it('leaves no half of a file', async () => {
    const contents = new FakeContents();
    contents.failsAt = 2;
    await expect(upload(contents, table(CHUNK_BYTES + 1))).rejects.toThrow('No space left');
    expect(contents.files.size).toBe(0);
  });
});
