/** Requests to `/nexus/api`. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { IErrorBody } from './generated';

/** What the server answered, in a sentence. */
export class NexusApiError extends Error {
  constructor(readonly body: IErrorBody) {
    super([body.message, body.remedy].filter(Boolean).join(' '));
  }
}

/** A line of a streamed answer. */
export type StreamLine = Record<string, unknown>;

async function send(path: string, init: RequestInit): Promise<Response> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, 'nexus/api', path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (!response.ok) {
    throw new NexusApiError(await errorBody(response));
  }
  return response;
}

async function errorBody(response: Response): Promise<IErrorBody> {
  try {
    const body = (await response.json()) as Partial<IErrorBody>;
    if (typeof body.message === 'string') {
      return { error: body.error ?? '', message: body.message, remedy: body.remedy ?? '' };
    }
  } catch {
    // Not ours: a proxy's page, say.
  }
  return { error: 'HTTPError', message: `The server answered ${response.status}.`, remedy: '' };
}

/** Get a record. */
export async function getJson<T>(path: string): Promise<T> {
  return (await (await send(path, {})).json()) as T;
}

/** Post a record, get another. */
export async function postJson<T>(path: string, body: unknown): Promise<T> {
  const response = await send(path, { method: 'POST', body: JSON.stringify(body) });
  return (await response.json()) as T;
}

/** Put a record, get what became of it. */
export async function putJson<T>(path: string, body: unknown): Promise<T> {
  const response = await send(path, { method: 'PUT', body: JSON.stringify(body) });
  return (await response.json()) as T;
}

/** Delete something. */
export async function remove(path: string): Promise<void> {
  await send(path, { method: 'DELETE' });
}

/** Post a record and read the answer line by line while it is made. */
export async function postStream(
  path: string,
  body: unknown,
  onLine: (line: StreamLine) => void,
  signal?: AbortSignal
): Promise<void> {
  const response = await send(path, { method: 'POST', body: JSON.stringify(body), signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  while (reader) {
    const { done, value } = await reader.read();
    rest += value ?? '';
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    lines.filter(Boolean).forEach(line => onLine(JSON.parse(line) as StreamLine));
    if (done) {
      return;
    }
  }
}
