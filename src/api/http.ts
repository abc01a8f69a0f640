import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import { ErrorCode, RequestError, toRequestError } from './errors';
import { ILine } from './types';

/** Where the server extension is on the Jupyter server. */
const NAMESPACE = 'ctadata';

/** What a proxy answers for a server that is down; the extension's own answers have a code. */
const AWAY = [424, 502, 503, 504];

/** The resource that every version of the server extension has. */
const STATUS = 'status';

/** Return the URL of a resource of the server extension; `path` is percent-encoded. */
export function resourceUrl(
  settings: ServerConnection.ISettings,
  path: string
): string {
  return URLExt.join(settings.baseUrl, NAMESPACE, path);
}

/**
 * Ask the server extension.
 *
 * @param path - below the namespace, percent-encoded
 * @param fields - members that the answer must have; without them it is not the extension's
 * @returns the answer's JSON
 * @throws RequestError
 */
export async function request<T>(
  settings: ServerConnection.ISettings,
  path: string,
  init: RequestInit = {},
  fields: readonly (keyof T & string)[] = []
): Promise<T> {
  const response = await send(settings, path, init);
  const data = parse(await reached(response.text()));
  const hasAnswer = isObject(data) || response.status === 204;
  if (!response.ok || !hasAnswer) {
    throw await failure(settings, path, response.status, data);
  }
  if (fields.some(field => !isObject(data) || data[field] === undefined)) {
    throw new RequestError('not-offered', '');
  }
  return data as T;
}

/**
 * Ask the server extension for an answer that comes line by line (NDJSON).
 *
 * @param path - below the namespace, percent-encoded
 * @param init - its `signal` closes the connection
 * @param onLine - called with each line when it arrives, also with the last one
 * @returns the last line, which is `done`
 * @throws RequestError; 'cancelled' after the signal
 */
export async function requestLines<T extends ILine>(
  settings: ServerConnection.ISettings,
  path: string,
  init: RequestInit,
  onLine: (line: T) => void
): Promise<T> {
  const broken = (reason: unknown) =>
    init.signal?.aborted
      ? new RequestError('cancelled', '')
      : new RequestError('server-unreachable', String(reason));
  let response: Response;
  try {
    response = await send(settings, path, init);
    if (!response.ok) {
      const data = parse(await response.text());
      throw await failure(settings, path, response.status, data);
    }
  } catch (error) {
    throw init.signal?.aborted || !(error instanceof RequestError)
      ? broken(error)
      : error;
  }
  const lines = linesOf(response);
  try {
    for (;;) {
      let text: IteratorResult<string>;
      try {
        text = await lines.next();
      } catch (error) {
        throw broken(error);
      }
      if (text.done) {
        throw broken('the answer ended too early');
      }
      const line = parse(text.value);
      if (!isObject(line)) {
        throw await failure(settings, path, response.status, line);
      }
      if ('code' in line) {
        // The error came after the status was sent.
        throw await failure(settings, path, 500, line);
      }
      onLine(line as T);
      if (line.done) {
        return line as T;
      }
    }
  } finally {
    await lines.return(undefined);
  }
}

/** The lines of a body as they arrive. Leaving the loop early closes the connection. */
async function* linesOf(response: Response): AsyncGenerator<string, void> {
  const reader = response.body?.getReader();
  if (!reader) {
    return;
  }
  try {
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const lines = (rest + decoder.decode(value, { stream: true })).split(
        '\n'
      );
      rest = lines.pop() ?? '';
      yield* lines.filter(line => line !== '');
    }
  } finally {
    // A broken connection cannot be closed.
    await reader.cancel().catch(() => undefined);
  }
}

/**
 * Ask the server extension for at most `limit` bytes.
 *
 * @param path - below the namespace, percent-encoded
 * @throws RequestError; 'too-large' before the body is read, where its length is known
 */
export async function requestBytes(
  settings: ServerConnection.ISettings,
  path: string,
  limit: number
): Promise<Uint8Array> {
  const stop = new AbortController();
  const response = await send(settings, path, { signal: stop.signal });
  if (!response.ok) {
    const data = parse(await reached(response.text()));
    throw await failure(settings, path, response.status, data);
  }
  // An answer without a length is counted below.
  if (Number(response.headers.get('Content-Length')) > limit) {
    stop.abort();
    throw new RequestError('too-large', '');
  }
  const bytes = new Uint8Array(await reached(response.arrayBuffer()));
  if (bytes.length > limit) {
    throw new RequestError('too-large', '');
  }
  return bytes;
}

async function send(
  settings: ServerConnection.ISettings,
  path: string,
  init: RequestInit
): Promise<Response> {
  // A browser would resolve such segments and ask for another resource.
  if (/(^|\/)\.\.?(\/|$)/.test(path)) {
    throw new RequestError('invalid-path', '');
  }
  const url = resourceUrl(settings, path);
  const response = await reached(
    ServerConnection.makeRequest(url, init, settings)
  );
  if (
    response.redirected &&
    response.headers.get('Content-Type')?.startsWith('text/html')
  ) {
    // The extension never redirects: this is a login page.
    await response.body?.cancel();
    throw new RequestError('logged-out', '');
  }
  return response;
}

/** Wait for what fails only if the server cannot be reached. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new RequestError('server-unreachable', String(error));
  }
}

/** Turn an answer that is no success into an error; `path` is below the namespace. */
export function answerError(
  settings: ServerConnection.ISettings,
  path: string,
  status: number,
  body: string
): Promise<RequestError> {
  return failure(settings, path, status, parse(body));
}

/** The XSRF token in a page's cookie. */
export function xsrfOf(cookie: string): string | undefined {
  // The server reads the last one of several.
  return [...cookie.matchAll(/(?:^|;\s*)_xsrf=([^;]*)/g)].pop()?.[1];
}

/** The headers that authenticate a request, as ServerConnection sends them. */
export function proofOf(
  settings: ServerConnection.ISettings,
  cookie: string
): Record<string, string> {
  const xsrf = xsrfOf(cookie);
  return {
    ...(settings.token && { Authorization: `token ${settings.token}` }),
    ...(xsrf && { 'X-XSRFToken': xsrf })
  };
}

function parse(body: string): unknown {
  if (body === '') {
    return null;
  }
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isObject(data: unknown): data is Record<string, unknown> {
  return typeof data === 'object' && data !== null;
}

async function failure(
  settings: ServerConnection.ISettings,
  path: string,
  status: number,
  data: unknown
): Promise<RequestError> {
  const answer = isObject(data) ? data : {};
  const { code, message, paths } = answer;
  if (typeof code === 'string' && typeof message === 'string') {
    return new RequestError(
      // Perhaps a newer server's, unknown here.
      code as ErrorCode,
      message,
      Array.isArray(paths) ? paths.map(String) : [],
      answer
    );
  }
  if (status === 401 || status === 403) {
    return new RequestError('logged-out', '');
  }
  if (AWAY.includes(status)) {
    return new RequestError('server-unreachable', `HTTP ${status}`);
  }
  if (status < 300) {
    // Something else has answered, not the extension.
    return new RequestError('not-offered', '');
  }
  return status === 404
    ? notFound(settings, path)
    : new RequestError('internal', `HTTP ${status}`);
}

/** A 404 without our JSON: the extension is missing, or does not have this resource. */
async function notFound(
  settings: ServerConnection.ISettings,
  path: string
): Promise<RequestError> {
  if (path === STATUS) {
    return new RequestError('extension-missing', '');
  }
  try {
    await request(settings, STATUS);
    return new RequestError('not-offered', '');
  } catch (error) {
    return toRequestError(error);
  }
}
