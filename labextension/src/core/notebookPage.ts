/** The pages of Jupyter Notebook 7: each shows one document, others open in tabs of their own. */
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { CANVAS } from './commands';

/** Where a page finds that its app is to be started. Not in its address: any link could say that. */
const START_KEY = 'nexus:start';

/** Which of Jupyter Notebook's pages this is: `tree`, `notebooks`, `edit`...; empty in JupyterLab. */
export function notebookPage(): string {
  return PageConfig.getOption('notebookPage');
}

/** Open an app in this tab or a new one; false if the browser allows no new tab. */
export function openAppPage(path: string, target: '_self' | '_blank', start: boolean): boolean {
  const page = URLExt.join(PageConfig.getBaseUrl(), 'notebooks', URLExt.encodeParts(path));
  if (start) {
    sessionStorage.setItem(START_KEY, path);
  }
  const tab = window.open(page + URLExt.objectToQueryString({ factory: CANVAS }), target);
  if (target === '_blank') {
    sessionStorage.removeItem(START_KEY); // the new tab has a copy
  }
  return tab !== null;
}

/** Whether the page that opened this one asked to start the app; true once. */
export function takeStart(path: string): boolean {
  const isAsked = sessionStorage.getItem(START_KEY) === path;
  if (isAsked) {
    sessionStorage.removeItem(START_KEY);
  }
  return isAsked;
}
