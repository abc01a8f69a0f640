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

/** What an answer that is not a success means. */
export function answerError(status: number, body: string): RequestError {
  return failure(status, parse(body));
}

/** The headers that prove who asks, as ServerConnection sends them. */
export function proofOf(
  settings: ServerConnection.ISettings,
  cookie: string
): Record<string, string> {
  // Of several the server reads the last.
  const xsrf = [...cookie.matchAll(/(?:^|;\s*)_xsrf=([^;]*)/g)].pop()?.[1];
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
