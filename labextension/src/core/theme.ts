/** JupyterLab's colours as the app client's variables. */
import { IThemeManager } from '@jupyterlab/apputils';
import { ITheme } from './protocol';

const VARIABLES: Record<string, string> = {
  '--nx-accent': '--jp-brand-color1',
  '--nx-bg': '--jp-layout-color1',
  '--nx-border': '--jp-border-color2',
  '--nx-surface': '--jp-layout-color2',
  '--nx-text': '--jp-content-font-color1',
  '--nx-text-muted': '--jp-content-font-color2'
};

/** Read the theme of the page. */
export function readTheme(manager: IThemeManager | null): ITheme {
  const style = getComputedStyle(document.body);
  const vars: Record<string, string> = {};
  for (const [name, source] of Object.entries(VARIABLES)) {
    const value = style.getPropertyValue(source).trim();
    if (value !== '') {
      vars[name] = value;
    }
  }
  const dark = manager?.theme ? !manager.isLight(manager.theme) : false;
  return { dark, vars };
}
