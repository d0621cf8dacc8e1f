/** Makes a Vega-Lite spec as wide as its place. */
import type { JsonObject } from '../../core/protocol';

const COMPOSED = ['hconcat', 'vconcat', 'concat', 'repeat', 'facet'];
const FACETS = ['row', 'column', 'facet'];

/** Room for axis labels beside a plot of a given width. */
const AXIS_ROOM = 96;

function isSingle(spec: JsonObject): boolean {
  const encoding = (spec.encoding ?? {}) as JsonObject;
  return !COMPOSED.some(key => key in spec) && !FACETS.some(key => key in encoding);
}

/** Give the spec the width of its container; a width it asks for becomes the most it gets. */
export function responsive(spec: JsonObject, element: HTMLElement): JsonObject {
  if (!isSingle(spec)) {
    return spec;
  }
  const width = spec.width;
  if (typeof width === 'number') {
    element.style.maxWidth = `${width + AXIS_ROOM}px`;
  } else if (typeof width === 'object' && width !== null) {
    // `{step: n}` says how wide one bar is: the author means it.
    return spec;
  }
  return { autosize: { type: 'fit-x', contains: 'padding' }, ...spec, width: 'container' };
}
