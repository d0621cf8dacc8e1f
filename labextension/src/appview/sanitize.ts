/**
 * HTML from an app, made inert.
 *
 * The frame's policy already stops scripts and the network; this keeps an app's own page whole: nothing that
 * acts, navigates, or reaches out of its place gets into the document. It goes through a parsed document and
 * copies what is known, so there is no second parse to confuse.
 */
import { FILE, keepFile } from './download';

const TAGS = new Set(
  (
    'a abbr address article aside b bdi bdo blockquote br caption center cite code col colgroup data dd del ' +
    'details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd label li ' +
    'main mark meter ol p pre progress q rp rt ruby s samp section small span strong sub summary sup table tbody ' +
    'td tfoot th thead time tr tt u ul var wbr'
  ).split(' ')
);

const SVG_TAGS = new Set(
  (
    'svg g path rect circle ellipse line polyline polygon text tspan defs linearGradient radialGradient stop ' +
    'title desc clipPath'
  ).split(' ')
);

const ATTRIBUTES = new Set(
  (
    'align alt border cellpadding cellspacing class colspan color datetime dir headers height high hidden lang ' +
    'low max min open optimum reversed role rowspan scope size span start title type valign value width'
  ).split(' ')
);

const SVG_ATTRIBUTES =
  /^(?:class|cx|cy|d|dx|dy|fill(?:-opacity|-rule)?|font-(?:family|size|style|weight)|gradientTransform|gradientUnits|height|id|offset|opacity|points|preserveAspectRatio|r|rx|ry|stop-(?:color|opacity)|stroke(?:-[a-z]+)?|text-anchor|transform|viewBox|width|x|x1|x2|y|y1|y2|clip-path|dominant-baseline)$/;

/** Left out with everything inside. */
const DROPPED = new Set(
  (
    'script style template iframe frame frameset object embed applet noscript noembed noframes xmp plaintext ' +
    'listing textarea select option button input form math foreignobject use animate set animatetransform ' +
    'animatemotion image feimage audio video source track picture base link meta title head dialog portal marquee'
  ).split(' ')
);

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';
const DATA_IMAGE = /^data:image\/(?:png|jpe?g|gif|webp|svg\+xml|avif|bmp)[;,]/i;
const DEPTH = 200;

/** Take out of CSS what could reach the network or leave its place. */
export function safeStyle(css: string): string {
  // Comments and escapes first: they hide `url(` and `position`.
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, '');
  if (plain.includes('\\') || plain.includes('/*')) {
    return '';
  }
  return plain
    .split(';')
    .filter(
      declaration =>
        !/url\s*\(|image(?:-set)?\s*\(|expression\s*\(|@import|javascript:|behaviou?r\s*:|-moz-binding/i.test(
          declaration
        )
    )
    .filter(declaration => !/^\s*position\s*:\s*(?:fixed|sticky|absolute)/i.test(declaration))
    .filter(declaration => !/^\s*(?:z-index|--)/i.test(declaration))
    .join(';')
    .trim();
}

function copyAttributes(from: Element, to: Element, isSvg: boolean): void {
  keepFile(from, to);
  for (const { name, value } of Array.from(from.attributes)) {
    const lower = name.toLowerCase();
    if (lower === 'style') {
      const style = safeStyle(value);
      if (style !== '') {
        to.setAttribute('style', style);
      }
    } else if (isSvg) {
      if (SVG_ATTRIBUTES.test(name) && !/url\s*\(\s*(?!['"]?#)|javascript:/i.test(value)) {
        to.setAttribute(name, value);
      }
    } else if (ATTRIBUTES.has(lower) || /^aria-[a-z]+$/.test(lower)) {
      to.setAttribute(lower, value);
    } else if (lower === 'src' && from.localName === 'img' && DATA_IMAGE.test(value.trim())) {
      to.setAttribute('src', value.trim());
    } else if (lower === 'href' && from.localName === 'a' && /^https?:\/\//i.test(value.trim())) {
      // An app cannot open pages; its reader sees where a link would go.
      to.setAttribute('title', value.trim());
    }
  }
}

function copyChildren(from: Node, to: Node, depth: number): void {
  if (depth > DEPTH) {
    return;
  }
  for (const child of Array.from(from.childNodes)) {
    if (child.nodeType === 3) {
      to.appendChild(document.createTextNode(child.textContent ?? ''));
    } else if (child.nodeType === 1) {
      copyElement(child as Element, to, depth);
    }
  }
}

function copyElement(from: Element, to: Node, depth: number): void {
  const name = from.localName;
  const isSvg = from.namespaceURI === SVG_NAMESPACE || (name === 'svg' && SVG_TAGS.has(name));
  if (isSvg && SVG_TAGS.has(name)) {
    const copy = document.createElementNS(SVG_NAMESPACE, name);
    copyAttributes(from, copy, true);
    copyChildren(from, copy, depth + 1);
    to.appendChild(copy);
  } else if (!isSvg && TAGS.has(name)) {
    const copy = document.createElement(name);
    copyAttributes(from, copy, false);
    copyChildren(from, copy, depth + 1);
    to.appendChild(copy);
  } else if (!isSvg && !DROPPED.has(name)) {
    copyChildren(from, to, depth + 1);
  }
}

function parse(html: string): HTMLElement {
  return new DOMParser().parseFromString(
    `<!doctype html><html><head></head><body>${html}</body></html>`,
    'text/html'
  ).body;
}

/** Append `html` to `target` as inert elements. */
export function appendHtml(target: Node, html: string): void {
  copyChildren(parse(html), target, 0);
}

const LOOSE_DROPPED = 'script,meta,base,link,iframe,frame,object,embed,noscript,template,portal';
const LOOSE_ATTRIBUTES =
  /^(?:on|action$|formaction$|target$|ping$|srcdoc$|background$|autofocus$)/i;

/**
 * Append `html` to `target` with its own styles and inputs, as an `HTML` widget of the app's author.
 *
 * Without scripts, handlers, frames or anything that navigates; the frame's policy does the rest.
 */
export function appendAuthorHtml(target: Node, html: string): void {
  const body = parse(html);
  body.querySelectorAll(LOOSE_DROPPED).forEach(element => element.remove());
  for (const element of Array.from(body.querySelectorAll('*'))) {
    element.removeAttribute(FILE);
    keepFile(element, element);
    for (const { name, value } of Array.from(element.attributes)) {
      const isLink = /^(?:xlink:)?href$|^src$/i.test(name);
      if (LOOSE_ATTRIBUTES.test(name) || (isLink && !/^(?:data:image\/|#)/i.test(value.trim()))) {
        element.removeAttribute(name);
        if (isLink && /^https?:/i.test(value.trim()) && element.localName === 'a') {
          element.setAttribute('title', value.trim());
        }
      }
    }
  }
  for (const child of Array.from(body.childNodes)) {
    target.appendChild(document.importNode(child, true));
  }
}
