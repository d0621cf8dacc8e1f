/** The icons of Nexus. */
import { LabIcon } from '@jupyterlab/ui-components';

const svg = (body: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">${body}</svg>`;

/** Nexus itself: a cell that grows into an app. */
export const nexusIcon = new LabIcon({
  name: 'nexus:nexus',
  svgstr: svg(
    '<g class="jp-icon3" fill="#616161"><path d="M4 4h7v7H4z"/><path d="M4 13h7v7H4z" opacity=".55"/>' +
      '<path d="M16.5 3l1.6 4.4 4.4 1.6-4.4 1.6-1.6 4.4-1.6-4.4L10.5 9l4.4-1.6z"/>' +
      '<path d="M13 13h7v7h-7z" opacity=".55"/></g>'
  )
});

/** A new app. */
export const newAppIcon = new LabIcon({
  name: 'nexus:new-app',
  svgstr: svg(
    '<g class="jp-icon3" fill="#616161"><path d="M4 4h7v7H4z"/><path d="M4 13h7v7H4z" opacity=".55"/>' +
      '<path d="M13 4h7v7h-7z" opacity=".55"/><path d="M16 13h2v3h3v2h-3v3h-2v-3h-3v-2h3z"/></g>'
  )
});
