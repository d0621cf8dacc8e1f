/** The pages of Jupyter Notebook: where an app opens, and who may start it. */
import { PageConfig } from '@jupyterlab/coreutils';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openAppPage, takeStart } from '../notebookPage';

const PATH = 'sales 50%/sales.ipynb';

beforeEach(() => {
  PageConfig.setOption('baseUrl', 'http://localhost/user/ada/');
});

afterEach(() => {
  sessionStorage.clear();
  vi.restoreAllMocks();
});

test('an app opens on a notebook page, which is told to start it by no address', () => {
  let asked: string | null = null;
  const open = vi.spyOn(window, 'open').mockImplementation(() => {
    asked = sessionStorage.getItem('nexus:start'); // what a new tab gets a copy of
    return window;
  });
  expect(openAppPage(PATH, '_blank', true)).toBe(true);
  const address =
    'http://localhost/user/ada/notebooks/sales%2050%25/sales.ipynb?factory=Nexus%20app';
  expect(open).toHaveBeenCalledWith(address, '_blank');
  expect(asked).toBe(PATH);
  expect(takeStart(PATH)).toBe(false);
});

test('the app is started once, on its own page only', () => {
  vi.spyOn(window, 'open').mockReturnValue(window);
  openAppPage(PATH, '_self', true);
  expect(takeStart('other.ipynb')).toBe(false);
  expect(takeStart(PATH)).toBe(true);
  expect(takeStart(PATH)).toBe(false);
});

test('a forbidden tab is told', () => {
  vi.spyOn(window, 'open').mockReturnValue(null);
  expect(openAppPage(PATH, '_blank', true)).toBe(false);
  expect(sessionStorage.length).toBe(0);
});
