/** The border to the untrusted client: every message is parsed into a known shape or dropped. */
import {
  BufferPath,
  ClientMessage,
  DOWNLOAD_LIMIT,
  IClientCommData,
  IClientCommMessage,
  IReport,
  JsonObject,
  MESSAGE_LIMIT,
  MODULES
} from './protocol';

const METHODS: readonly string[] = ['update', 'custom', 'request_state'];

/** Traits that say which code a widget runs: only the kernel may set them. */
const CODE_TRAITS = /^_(?:esm|css|model_|view_|anywidget)/;
const MESSAGE_ID = /^[A-Za-z0-9-]{8,64}$/;
const MAX_BUFFERS = 64;
const MAX_DEPTH = 32;
const MAX_TEXT = 2000;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) {
    return 0;
  }
  let depth = 0;
  for (const item of Object.values(value)) {
    depth = Math.max(depth, depthOf(item));
  }
  return depth + 1;
}

function textOf(value: unknown): string {
  return String(value ?? '').slice(0, MAX_TEXT);
}

function countOf(value: unknown): number {
  const count = Number(value);
  return Number.isFinite(count) && count > 0 ? Math.floor(count) : 0;
}

/** Read pure JSON, or `undefined` when `value` is too large, too deep or not JSON. */
function jsonOf(value: unknown, limit: number): unknown {
  try {
    const text = JSON.stringify(value);
    if (text === undefined || text.length > limit) {
      return undefined;
    }
    const copy: unknown = JSON.parse(text);
    return depthOf(copy) > MAX_DEPTH ? undefined : copy;
  } catch {
    return undefined;
  }
}

function parsePaths(value: unknown, count: number): BufferPath[] | null {
  if (!Array.isArray(value) || value.length !== count) {
    return null;
  }
  const isPath = (path: unknown): boolean =>
    Array.isArray(path) &&
    path.length > 0 &&
    path.every(key => typeof key === 'string' || typeof key === 'number');
  return value.every(isPath) ? (value as BufferPath[]) : null;
}

function parseData(value: unknown, bufferCount: number): IClientCommData | null {
  if (!isObject(value) || !METHODS.includes(String(value.method))) {
    return null;
  }
  const method = value.method as IClientCommData['method'];
  switch (method) {
    case 'update': {
      const paths = parsePaths(value.buffer_paths ?? [], bufferCount);
      const isCode = (key: string | number): boolean => CODE_TRAITS.test(String(key));
      if (!isObject(value.state) || paths === null) {
        return null;
      }
      if (Object.keys(value.state).some(isCode) || paths.some(path => isCode(path[0]))) {
        return null;
      }
      return { method, state: value.state, buffer_paths: paths };
    }
    case 'custom':
      return { method, content: value.content ?? null };
    default:
      return { method };
  }
}

function parseComm(value: JsonObject): IClientCommMessage | null {
  const { comm_id, id, buffers = [] } = value;
  if (typeof comm_id !== 'string' || typeof id !== 'string' || !MESSAGE_ID.test(id)) {
    return null;
  }
  if (!Array.isArray(buffers) || buffers.length > MAX_BUFFERS) {
    return null;
  }
  if (!buffers.every(buffer => buffer instanceof ArrayBuffer)) {
    return null;
  }
  const binary = (buffers as ArrayBuffer[]).reduce((sum, buffer) => sum + buffer.byteLength, 0);
  const data = parseData(jsonOf(value.data, MESSAGE_LIMIT - binary), buffers.length);
  return data === null ? null : { type: 'comm_msg', comm_id, data, buffers, id };
}

function parseReport(value: unknown): IReport | null {
  const report = jsonOf(value, MESSAGE_LIMIT);
  if (!isObject(report)) {
    return null;
  }
  const list = (key: string): JsonObject[] =>
    Array.isArray(report[key]) ? (report[key] as unknown[]).filter(isObject) : [];
  const errors = Array.isArray(report.errors) ? report.errors : [];
  return {
    cells: countOf(report.cells),
    widgets: list('widgets').map(widget => ({
      name: textOf(widget.name),
      visible: widget.visible === true
    })),
    charts: countOf(report.charts),
    chart_marks: (Array.isArray(report.chart_marks) ? report.chart_marks : []).map(countOf),
    marks: countOf(report.marks),
    images: countOf(report.images),
    tables: list('tables').map(table => ({
      rows: countOf(table.rows),
      columns: countOf(table.columns)
    })),
    text_chars: countOf(report.text_chars),
    errors: errors.slice(0, 100).map(textOf)
  };
}

/** Parse what a client sent; `null` when it is none of the messages a client may send. */
export function parseClientMessage(value: unknown): ClientMessage | null {
  if (!isObject(value)) {
    return null;
  }
  switch (value.type) {
    case 'ready':
      return { type: 'ready' };
    case 'need':
      return MODULES.includes(String(value.name))
        ? { type: 'need', name: String(value.name) }
        : null;
    case 'comm_msg':
      return parseComm(value);
    case 'height':
      return { type: 'height', px: Math.min(countOf(value.px), 1_000_000) };
    case 'report': {
      const report = parseReport(value.report);
      return report === null ? null : { type: 'report', id: textOf(value.id), report };
    }
    case 'download':
      return value.bytes instanceof ArrayBuffer && value.bytes.byteLength <= DOWNLOAD_LIMIT
        ? { type: 'download', name: textOf(value.name), bytes: value.bytes }
        : null;
    case 'failure':
      return { type: 'failure', message: textOf(value.message) };
    default:
      return null;
  }
}
