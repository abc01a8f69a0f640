import { ServerConnection } from '@jupyterlab/services';

import { printable } from '../common/printable';

/**
 * Something went wrong; `code` says what.
 *
 * The codes are those of the server extension, which also writes the message, and some of our own,
 * which have none: 'server-unreachable' (the Jupyter server itself), 'extension-missing' (it answers
 * nothing at all), 'not-offered' (it does not know what was asked for), 'logged-out', 'too-large',
 * 'superseded' and 'cancelled'; and an 'invalid-path' that is not asked for.
 */
export class RequestError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly paths: readonly string[] = [],
    /** All that the server has answered. */
    readonly answer: Readonly<Record<string, unknown>> = {}
  ) {
    super(printable(message));
  }
}

/** Make anything that was thrown an error that can be explained. */
export function toRequestError(thrown: unknown): RequestError {
  if (thrown instanceof RequestError) {
    return thrown;
  }
  if (thrown instanceof ServerConnection.NetworkError) {
    return new RequestError('server-unreachable', thrown.message);
  }
  if (thrown instanceof ServerConnection.ResponseError) {
    // JupyterLab's own sentence.
    return new RequestError('internal', thrown.message);
  }
  console.error('ctadata: unexpected error:', thrown);
  return new RequestError('unexpected', wordsOf(thrown));
}

/** What there is to read of something that was thrown. */
function wordsOf(thrown: unknown): string {
  try {
    const { message, name } = (thrown ?? {}) as Record<string, unknown>;
    return String(message || name || (thrown ?? ''));
  } catch {
    // Not even that can be read.
    return '';
  }
}
