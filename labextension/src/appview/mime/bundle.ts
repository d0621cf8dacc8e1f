/** From one output to its element: the best mime type this client can show. */
import type { IOutput, JsonObject } from '../../core/protocol';
import type { IAppContext } from '../context';
import { h, text } from '../dom';
import { Scope } from '../scope';
import { t } from '../strings';
import { card, createView, gone } from '../widgets/view';
import { renderChart } from './chart';
import { renderJson } from './json';
import { renderMarkdown } from './markdown';
import { renderHtml } from './table';
import { renderError, renderStream, stripAnsi } from './text';

/** A drawn output; `ready` when drawing takes longer than this call. */
export interface IRendered {
  element: HTMLElement;
  ready?: Promise<void>;
}

/** What a renderer gets. */
export interface IRenderRequest {
  mime: string;
  value: unknown;
  metadata: JsonObject;
  app: IAppContext;
  scope: Scope;
}

type Renderer = (request: IRenderRequest) => IRendered;

const INERT = 'application/vnd.nexus.inert+json';

function renderImage({ mime, value, metadata }: IRenderRequest): IRendered {
  const content = text(value);
  const source =
    mime === 'image/svg+xml'
      ? `data:${mime},${encodeURIComponent(content)}`
      : `data:${mime};base64,${content.replace(/\s/g, '')}`;
  const size = (metadata[mime] ?? {}) as JsonObject;
  const image = h('img', {
    class: 'nx-image',
    src: source,
    alt: String(size.alt ?? metadata.alt ?? ''),
    width: Number(size.width) || null,
    height: Number(size.height) || null
  });
  return { element: image };
}

function renderWidget({ value, app, scope }: IRenderRequest): IRendered {
  const id = (value as JsonObject | null)?.model_id;
  const holder = h('div', { class: 'nx-view' });
  let current = scope.child();
  const place = (): boolean => {
    const model = app.store.find(id);
    if (model !== null) {
      current.dispose();
      current = scope.child();
      holder.replaceChildren(createView(model, app, current));
      model.on('destroy', () => {
        // A kernel that starts again opens its widgets anew.
        if (!scope.isDisposed) {
          holder.replaceChildren(gone());
        }
      });
    }
    return model !== null;
  };
  if (!place()) {
    holder.append(gone());
  }
  scope.add(
    app.store.onAdded(added => {
      if ((added as { id: string }).id === id) {
        place();
      }
    })
  );
  return { element: holder };
}

function renderPlain({ value }: IRenderRequest): IRendered {
  return { element: h('pre', { class: 'nx-pre' }, stripAnsi(text(value))) };
}

/** Mime types from the most to the least telling. */
const RENDERERS: [RegExp, Renderer][] = [
  [/^application\/vnd\.jupyter\.widget-view\+json$/, renderWidget],
  [/^application\/vnd\.vegalite\.v[456](?:\.\d+)*\+json$/, renderChart],
  [/^application\/vnd\.vega\.v[56](?:\.\d+)*\+json$/, renderChart],
  [/^text\/html$/, renderHtml],
  [/^text\/markdown$/, renderMarkdown],
  [/^image\/svg\+xml$/, renderImage],
  [/^image\/(?:png|jpeg|gif|webp)$/, renderImage],
  [/^application\/json$/, renderJson],
  [
    /^text\/latex$/,
    ({ value }) => ({ element: h('pre', { class: 'nx-pre' }, h('code', {}, text(value))) })
  ],
  [/^text\/plain$/, renderPlain]
];

/** The mime type of `bundle` that would be shown, or `null`. */
export function bestMime(bundle: JsonObject): string | null {
  for (const [pattern] of RENDERERS) {
    const mime = Object.keys(bundle).find(key => pattern.test(key));
    if (mime !== undefined) {
      return mime;
    }
  }
  return null;
}

/** Take the real bundle out of one that was made inert for JupyterLab. */
export function unwrap(bundle: JsonObject): JsonObject {
  const inert = bundle[INERT] as { bundle?: JsonObject } | undefined;
  return inert?.bundle ?? bundle;
}

/** Draw a mime bundle. */
export function renderBundle(
  wrapped: JsonObject,
  metadata: JsonObject,
  app: IAppContext,
  scope: Scope
): IRendered {
  const bundle = unwrap(wrapped);
  const mime = bestMime(bundle);
  const renderer = RENDERERS.find(([pattern]) => mime !== null && pattern.test(mime));
  if (mime === null || renderer === undefined) {
    return { element: card(t('unshown'), Object.keys(bundle).join(', ')) };
  }
  return renderer[1]({ mime, value: bundle[mime], metadata, app, scope });
}

/** Draw one output. */
export function renderOutput(output: IOutput, app: IAppContext, scope: Scope): IRendered {
  try {
    switch (output.output_type) {
      case 'stream':
        return { element: renderStream(output) };
      case 'error':
        app.problem(`${output.ename ?? 'Error'}: ${output.evalue ?? ''}`);
        return { element: renderError(output) };
      default:
        return renderBundle(output.data ?? {}, output.metadata ?? {}, app, scope);
    }
  } catch (error) {
    app.problem(String(error));
    return { element: card(t('unshown'), String(error)) };
  }
}
