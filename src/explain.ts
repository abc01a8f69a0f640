import { TranslationBundle } from '@jupyterlab/translation';

import { RequestError } from './request';

/** What somebody can do about an error from where it is shown. */
export type Remedy = 'retry' | 'up' | 'root';

/** An error, told to people. */
export interface IExplanation {
  title: string;
  /** What happened and what to do. */
  text: string;
  remedies: readonly Remedy[];
}

/** Tell people about an error; the server's own words are kept where there are any. */
export function explain(
  error: RequestError,
  trans: TranslationBundle
): IExplanation {
  const text = error.message;
  switch (error.code) {
    case 'no-token':
      return { title: trans.__('No token'), text, remedies: ['retry'] };
    case 'token-refused':
      return { title: trans.__('Token refused'), text, remedies: ['retry'] };
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
    case 'invalid-path':
      return { title: trans.__('Not a path'), text, remedies: ['root'] };
    case 'not-a-directory':
      return {
        title: trans.__('Not a folder'),
        text: trans.__('This path is that of a file.'),
        remedies: ['up']
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
        text: trans.__('Check that it still runs, then try again.'),
        remedies: ['retry']
      };
    case 'logged-out':
      return {
        title: trans.__('Logged out'),
        text: trans.__(
          'The Jupyter server wants you to log in again: reload this page.'
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
    case 'unreadable':
      return {
        title: trans.__('Cannot be read'),
        text: trans.__(
          'The file has changed or gone since it was chosen: choose it again.'
        ),
        remedies: []
      };
    default:
      return {
        title: trans.__('Something went wrong'),
        text,
        remedies: ['retry', 'up']
      };
  }
}

/** The same in one line. */
export function explainBriefly(
  error: RequestError,
  trans: TranslationBundle
): string {
  const { title, text } = explain(error, trans);
  return text || title;
}
