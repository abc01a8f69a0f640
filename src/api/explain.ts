import { TranslationBundle } from '@jupyterlab/translation';

import { toRequestError } from './errors';

/** A button beside an error. */
export type Remedy = 'retry' | 'up' | 'root' | 'delegate';

/** An error in words for the user. */
export interface IExplanation {
  title: string;
  /** What happened and what to do. */
  text: string;
  remedies: readonly Remedy[];
}

/** Explain anything that was thrown to the user. The server's message is kept where there is one. */
export function explain(
  thrown: unknown,
  trans: TranslationBundle
): IExplanation {
  const error = toRequestError(thrown);
  const text = error.message;
  switch (error.code) {
    case 'no-token':
      return { title: trans.__('No token'), text, remedies: ['retry'] };
    case 'token-refused':
      return { title: trans.__('Token refused'), text, remedies: ['retry'] };
    case 'token-scope':
      return {
        title: trans.__('The token is not for the data service'),
        text,
        remedies: ['retry']
      };
    case 'service-unreachable':
    case 'service-timeout':
      return {
        title: trans.__('The data service does not answer'),
        text,
        remedies: ['retry']
      };
    case 'not-found':
      return { title: trans.__('Not found'), text, remedies: ['up', 'root'] };
    case 'access-denied':
      return { title: trans.__('No access'), text, remedies: ['up', 'root'] };
    case 'certificate-needed':
      return {
        title: trans.__('A certificate is needed'),
        text,
        remedies: ['delegate', 'retry']
      };
    case 'invalid-path':
      return {
        title: trans.__('Invalid path'),
        text: text || trans.__('A path cannot contain “.” or “..”.'),
        remedies: ['root']
      };
    case 'not-a-directory':
      return {
        title: trans.__('Not a folder'),
        text: trans.__('This path is a file.'),
        remedies: ['up']
      };
    case 'too-large':
      return {
        title: trans.__('Too large'),
        text:
          text ||
          trans.__(
            'Too large to preview. Change the limit in Settings, or download the file.'
          ),
        remedies: []
      };
    case 'no-viewer':
      return {
        title: trans.__('No viewer'),
        text: trans.__(
          'There is no viewer for this kind of file, and it is not UTF-8 text.'
        ),
        remedies: []
      };
    case 'cancelled':
      return {
        title: trans.__('Not loaded'),
        text: trans.__('Loading was cancelled.'),
        remedies: ['retry', 'up']
      };
    case 'server-unreachable':
      return {
        title: trans.__('The Jupyter server does not answer'),
        text: trans.__(
          'Check that the Jupyter server is running, then try again.'
        ),
        remedies: ['retry']
      };
    case 'logged-out':
      return {
        title: trans.__('Logged out'),
        text: trans.__(
          'Your session on the Jupyter server has ended: reload this page and log in again.'
        ),
        remedies: ['retry']
      };
    case 'extension-missing':
      return {
        title: trans.__('The server extension is missing'),
        text: trans.__(
          'Run “jupyter server extension enable ctadata_labext” and restart the Jupyter server.'
        ),
        remedies: ['retry']
      };
    case 'not-offered':
      return {
        title: trans.__('The server extension does not know this'),
        text: trans.__(
          'It may be older or newer than this panel: reload this page; if that does not help, restart the Jupyter server.'
        ),
        remedies: ['retry']
      };
    case 'no-such-upload':
      return {
        title: trans.__('No longer on the server'),
        text: trans.__(
          'The server no longer has this upload: upload the file again.'
        ),
        remedies: ['retry']
      };
    case 'superseded':
      return {
        title: trans.__('Not shown'),
        text: trans.__('Another request replaced this one.'),
        remedies: []
      };
    case 'server-older':
      return {
        title: trans.__('The server extension is older than this panel'),
        text: trans.__(
          'Restart the Jupyter server; if that does not help, update ctadata where the server runs.'
        ),
        remedies: ['retry']
      };
    case 'panel-older':
      return {
        title: trans.__('This panel is older than the server extension'),
        text: trans.__('Reload this page.'),
        remedies: ['retry']
      };
    case 'storage-error':
      return {
        title: trans.__('The storage has a problem'),
        text,
        remedies: ['retry', 'up']
      };
    case 'unreadable':
      return {
        title: trans.__('Cannot be read'),
        text: trans.__(
          'The file has changed or was deleted since it was chosen: choose it again.'
        ),
        remedies: []
      };
    case 'certificate-error':
      return {
        title: trans.__('The certificate was not accepted'),
        text,
        remedies: []
      };
    case 'certificate-changed':
      return {
        title: trans.__('The certificate has changed'),
        text: text || trans.__('The file now contains another certificate.'),
        remedies: ['retry']
      };
    case 'certificate-unusable':
      return {
        title: trans.__('This certificate cannot be used'),
        text,
        remedies: ['retry']
      };
    case 'no-file':
      return { title: trans.__('No file'), text, remedies: [] };
    case 'unexpected':
      return {
        title: trans.__('Unexpected error'),
        text: trans.__(
          'Try again, or reload this page. If the error returns, report it: %1',
          text || trans.__('no details')
        ),
        remedies: ['retry', 'up']
      };
    case 'already-exists':
    case 'bad-request':
    case 'error':
    case 'forbidden':
    case 'integrity-error':
    case 'internal':
    case 'interrupted':
    case 'local-file':
    case 'method-not-allowed':
    case 'no-space':
    case 'not-ended':
    case 'not-resumable':
    case 'range':
    case 'token-invalid':
    case 'too-many-transfers':
    case 'too-many-uploads':
    case 'transfer-failed':
    case 'unsupported-media-type':
    case 'unsupported-version':
    case 'upload-busy':
    case 'upload-conflict':
      return somethingWrong(text, trans);
    default:
      // A code of a newer server. The compiler sees to it that all others are above.
      error.code satisfies never;
      return somethingWrong(text, trans);
  }
}

function somethingWrong(text: string, trans: TranslationBundle): IExplanation {
  return {
    title: trans.__('Something went wrong'),
    text,
    remedies: ['retry', 'up']
  };
}

/** Explain it in one line. */
export function explainBriefly(
  thrown: unknown,
  trans: TranslationBundle
): string {
  const { title, text } = explain(thrown, trans);
  return text || title;
}
