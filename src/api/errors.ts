import { ServerConnection } from '@jupyterlab/services';

import { printable } from '../common/printable';
import { ServerErrorCode } from './types';

/** What went wrong: the server extension's codes, and the panel's own. */
export type ErrorCode = ServerErrorCode | PanelErrorCode;

/** The errors that only the panel knows. The server sends no message for them. */
export type PanelErrorCode =
  /** The Jupyter server does not answer. */
  | 'server-unreachable'
  /** The Jupyter server asks for a new login. */
  | 'logged-out'
  /** The Jupyter server has no extension of ours. */
  | 'extension-missing'
  /** The server extension's interface is older than this panel's. */
  | 'server-older'
  /** The server extension's interface is newer than this panel's. */
  | 'panel-older'
  /** The user has asked for something else meanwhile. */
  | 'superseded'
  /** A folder was asked for, and the path is that of a file. */
  | 'not-a-directory'
  /** There is no viewer for a file. */
  | 'no-viewer'
  /** The browser cannot read a file of this computer. */
  | 'unreadable'
  /** What was dropped is not one file. */
  | 'no-file'
  /** The proxy certificate on the server cannot be used. */
  | 'certificate-unusable'
  /** Something was thrown that is none of these: a fault of the panel. */
  | 'unexpected';

/** An error of the panel. */
export class RequestError extends Error {
  constructor(
    /** At run time also one that this panel does not know, from a newer server. */
    readonly code: ErrorCode,
    /** The server's sentence; empty for an error that the panel has found by itself. */
    message: string,
    readonly paths: readonly string[] = [],
    /** The server's whole answer. */
    readonly answer: Readonly<Record<string, unknown>> = {}
  ) {
    super(printable(message));
  }
}

/** Turn anything that was thrown into an error that can be explained. */
export function toRequestError(thrown: unknown): RequestError {
  if (thrown instanceof RequestError) {
    return thrown;
  }
  if (thrown instanceof ServerConnection.NetworkError) {
    return new RequestError('server-unreachable', thrown.message);
  }
  if (thrown instanceof ServerConnection.ResponseError) {
    // The message is JupyterLab's own sentence.
    return new RequestError('internal', thrown.message);
  }
  if (thrown instanceof DOMException && thrown.name === 'AbortError') {
    return new RequestError('cancelled', '');
  }
  console.error('ctadata: unexpected error:', thrown);
  return new RequestError('unexpected', messageOf(thrown));
}

/** The message of anything that was thrown; it may have none, or none that can be read. */
function messageOf(thrown: unknown): string {
  try {
    const { message, name } = (thrown ?? {}) as Record<string, unknown>;
    return String(message || name || (thrown ?? ''));
  } catch {
    return '';
  }
}
