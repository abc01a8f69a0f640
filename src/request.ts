import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** The part of the Jupyter server's address space that is ours. */
const NAMESPACE = 'ctadata';

/**
 * Something went wrong; `code` says what.
 *
 * The codes are those of the server extension, which also writes the message, and three of our own,
 * which have none: 'server-unreachable' (the Jupyter server itself), 'extension-missing', 'logged-out'.
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
  let response: Response;
  let body: string;
  try {
    response = await ServerConnection.makeRequest(
      resourceUrl(settings, path),
      init,
      settings
    );
    body = await response.text();
  } catch (error) {
    throw new RequestError('server-unreachable', String(error));
  }
  const data = parse(body);
  if (!response.ok || data === undefined) {
    throw failure(response.status, data);
  }
  return data as T;
}

/** A line of a streamed answer; the last one says that it is complete. */
export interface ILine {
  done?: boolean;
}

/**
 * Ask the server extension for an answer that comes line by line (NDJSON).
 *
 * @param path - below the namespace, encoded
 * @param init - its `signal` ends it; the connection is closed then
 * @param onLine - called with each line as soon as it is there, also with the last one
 * @returns the last line, the one that is `done`
 * @throws RequestError; of code 'cancelled' when the signal has ended it
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
    response = await ServerConnection.makeRequest(
      resourceUrl(settings, path),
      init,
      settings
    );
    if (!response.ok) {
      throw failure(response.status, parse(await response.text()));
    }
  } catch (error) {
    throw error instanceof RequestError ? error : broken(error);
  }
  const lines = linesOf(response);
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
    if (typeof line !== 'object' || line === null) {
      await lines.return(undefined);
      throw failure(response.status, line);
    }
    if ('code' in line) {
      // It has begun well, so that the status could not say it.
      await lines.return(undefined);
      throw failure(500, line);
    }
    onLine(line as T);
    if ((line as T).done) {
      await lines.return(undefined);
      return line as T;
    }
  }
}

/** The whole lines of a body, as they come; whoever leaves earlier closes the connection. */
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
    // A connection that has broken cannot be closed any more.
    await reader.cancel().catch(() => undefined);
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
