import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** The part of the Jupyter server's address space that is ours. */
const NAMESPACE = 'ctadata';

/**
 * Something went wrong; `code` says what.
 *
 * The codes are those of the server extension, which also writes the message, and some of our own,
 * which have none: 'server-unreachable' (the Jupyter server itself), 'extension-missing', 'logged-out',
 * 'too-large'; and an 'invalid-path' that is not asked for.
 */
export class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly paths: readonly string[] = []
  ) {
    super(message);
  }
}

/** Return the address of a resource of the server extension; `path` is encoded already. */
export function resourceUrl(
  settings: ServerConnection.ISettings,
  path: string
): string {
  return URLExt.join(settings.baseUrl, NAMESPACE, path);
}

/**
 * Ask the server extension.
 *
 * @param path - below the namespace, encoded
 * @returns the answer's JSON
 * @throws RequestError
 */
export async function request<T>(
  settings: ServerConnection.ISettings,
  path: string,
  init: RequestInit = {}
): Promise<T> {
  const response = await send(settings, path, init);
  const data = parse(await reached(response.text()));
  if (!response.ok || data === undefined) {
    throw failure(response.status, data);
  }
  return data as T;
}

/**
 * Ask the server extension for bytes, `limit` of them at most.
 *
 * @param path - below the namespace, encoded
 * @throws RequestError; 'too-large' without waiting for what is too much
 */
export async function requestBytes(
  settings: ServerConnection.ISettings,
  path: string,
  limit: number
): Promise<Uint8Array> {
  const stop = new AbortController();
  const response = await send(settings, path, { signal: stop.signal });
  if (!response.ok) {
    throw failure(response.status, parse(await reached(response.text())));
  }
  // Without a length it is 0, and counted when it is there.
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
  // A browser would resolve them, also percent-encoded, and ask somebody else.
  if (/(^|\/)\.\.?(\/|$)/.test(path)) {
    throw new RequestError('invalid-path', '');
  }
  const url = resourceUrl(settings, path);
  return reached(ServerConnection.makeRequest(url, init, settings));
}

/** Wait for what fails only where the server is not reached. */
async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw new RequestError('server-unreachable', String(error));
  }
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

function failure(status: number, data: unknown): RequestError {
  const { code, message, paths } = (data ?? {}) as Record<string, unknown>;
  if (typeof code === 'string' && typeof message === 'string') {
    return new RequestError(
      code,
      message,
      Array.isArray(paths) ? paths.map(String) : []
    );
  }
  if (status === 401 || status === 403) {
    return new RequestError('logged-out', '');
  }
  // Without our JSON it was not our extension that answered.
  return status === 404
    ? new RequestError('extension-missing', '')
    : new RequestError('internal', `HTTP ${status}`);
}
