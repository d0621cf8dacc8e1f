/** The look of a chart, from the colours of the page. */
import type { ITheme, JsonObject } from '../../core/protocol';
import { color } from '../theme';

const LIGHT = [
  '#3867d6',
  '#e07b39',
  '#2a9d74',
  '#b8478f',
  '#8660d0',
  '#c79a1e',
  '#3d9bb5',
  '#80868f'
];
const DARK = [
  '#7aa2ff',
  '#f0a167',
  '#5cc79d',
  '#e184bd',
  '#b39af0',
  '#e3c04f',
  '#6cc5dd',
  '#a3a9b3'
];

/** Make the Vega configuration of `theme`. */
export function chartConfig(theme: ITheme): JsonObject {
  const font = color(theme, '--nx-font');
  const text = color(theme, '--nx-text');
  const muted = color(theme, '--nx-text-muted');
  const line = color(theme, '--nx-border');
  const accent = color(theme, '--nx-accent');
  const label = {
    labelColor: muted,
    labelFont: font,
    labelFontSize: 12,
    titleColor: muted,
    titleFont: font,
    titleFontSize: 12,
    titleFontWeight: 500
  };
  return {
    background: 'transparent',
    font,
    padding: { left: 0, right: 4, top: 4, bottom: 4 },
    arc: { stroke: color(theme, '--nx-bg'), strokeWidth: 1.5 },
    area: { fillOpacity: 0.7, line: true },
    axis: {
      ...label,
      domainColor: line,
      gridColor: line,
      gridOpacity: 0.7,
      labelPadding: 6,
      tickColor: line,
      titlePadding: 10
    },
    axisDiscrete: { domain: true, grid: false, ticks: false },
    axisQuantitative: { domain: false, grid: true, ticks: false },
    axisTemporal: { grid: false },
    axisXQuantitative: { tickCount: { signal: 'max(2, ceil(width / 110))' } },
    axisYQuantitative: { tickCount: { signal: 'max(2, ceil(height / 60))' } },
    bar: { cornerRadiusEnd: 3, discreteBandSize: { band: 0.72 } },
    header: label,
    legend: { ...label, symbolSize: 90, symbolType: 'circle', titlePadding: 6, rowPadding: 4 },
    line: { strokeWidth: 2.25, strokeCap: 'round', strokeJoin: 'round' },
    mark: { color: accent },
    point: { filled: true, size: 56 },
    range: { category: theme.dark ? [accent, ...DARK.slice(1)] : [accent, ...LIGHT.slice(1)] },
    rect: { stroke: null },
    rule: { color: muted },
    text: { color: text, font },
    title: { anchor: 'start', color: text, font, fontSize: 15, fontWeight: 600, offset: 12 },
    tick: { color: accent },
    view: { stroke: null, discreteHeight: { step: 36 } }
  };
}
