import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { safeName, saveDownload } from '../download';

describe('the name of a file', () => {
  it.each([
    ['rows.csv', 'rows.csv'],
    ['Größe (2).xlsx', 'Größe (2).xlsx'],
    ['../../.bashrc', 'bashrc.txt'],
    ['C:\\Windows\\evil.exe', 'evil.exe.txt'],
    ['page.html', 'page.html.txt'],
    ['x.csv\u202e\u0000', 'x.csv__.txt'],
    ['', 'file.txt'],
    [`${'a'.repeat(300)}.csv`, `${'a'.repeat(116)}.csv`]
  ])('%s', (name, safe) => expect(safeName(name)).toBe(safe));
});

describe('saving', () => {
  const clicked = vi.fn();
  const file = { name: 'rows.csv', bytes: new ArrayBuffer(3) };
  const activate = (isActive: boolean): void =>
    vi.stubGlobal('navigator', { userActivation: { isActive } });

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
    vi.advanceTimersByTime(5000);
    vi.stubGlobal('URL', { createObjectURL: () => 'blob:x', revokeObjectURL: () => undefined });
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(clicked);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    clicked.mockClear();
  });

  it('needs a click of the person', () => {
    activate(false);
    expect(saveDownload(file)).toBe(false);
    expect(clicked).not.toHaveBeenCalled();
  });

  it('is done once a click', () => {
    activate(true);
    expect([saveDownload(file), saveDownload(file)]).toEqual([true, false]);
    expect(clicked).toHaveBeenCalledTimes(1);
  });
});
