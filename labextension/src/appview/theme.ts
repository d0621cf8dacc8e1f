/** The page's colours: good defaults, replaced by the host's. */
import type { ITheme } from '../core/protocol';

const SANS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Liberation Sans", sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace';

const LIGHT: Record<string, string> = {
  '--nx-font': SANS,
  '--nx-font-mono': MONO,
  '--nx-bg': '#ffffff',
  '--nx-surface': '#f6f7f9',
  '--nx-border': '#e2e5ea',
  '--nx-border-strong': '#8b929e',
  '--nx-text': '#1b1f27',
  '--nx-text-muted': '#5a6270',
  '--nx-accent': '#3559c7',
  '--nx-on-accent': '#ffffff',
  '--nx-danger': '#b3261e',
  '--nx-warning': '#8a5a00',
  '--nx-success': '#1c7a4a',
  '--nx-info': '#1f6f9f'
};

const DARK: Record<string, string> = {
  ...LIGHT,
  '--nx-bg': '#15171c',
  '--nx-surface': '#1e2128',
  '--nx-border': '#30353f',
  '--nx-border-strong': '#7d8594',
  '--nx-text': '#e9ebf0',
  '--nx-text-muted': '#a2a9b6',
  '--nx-accent': '#8fabff',
  '--nx-on-accent': '#10131a',
  '--nx-danger': '#ff9d94',
  '--nx-warning': '#e9bd62',
  '--nx-success': '#74cf9f',
  '--nx-info': '#7cc4ec'
};

/** Give the value of a `--nx-` variable. */
export function color(theme: ITheme, name: string): string {
  return theme.vars[name] || (theme.dark ? DARK : LIGHT)[name] || '';
}

/** Give `root` the colours of `theme`. */
export function applyTheme(root: HTMLElement, theme: ITheme): void {
  const vars = { ...(theme.dark ? DARK : LIGHT), ...theme.vars };
  for (const [name, value] of Object.entries(vars)) {
    if (/^--nx-[a-z-]+$/.test(name) && value !== '') {
      root.style.setProperty(name, value);
    }
  }
  root.style.setProperty('color-scheme', theme.dark ? 'dark' : 'light');
  root.dataset.theme = theme.dark ? 'dark' : 'light';
}
