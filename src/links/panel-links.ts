import { URLExt } from '@jupyterlab/coreutils';

import { encodePath } from '../common/paths';

/** The parameter of an address that says what the panel shows. */
export const PARAMETER = 'cta-path';

/** What the page says of where it is. */
export interface ILinkOptions {
  /** The Jupyter server's address. */
  baseUrl: string;
  /** The hub's, if it is another host; '' otherwise and without a hub. */
  hubHost: string;
  /** The path of the hub; '' without one. */
  hubPrefix: string;
  /** What opens the panel. */
  page: 'lab' | 'tree';
}

/** The address that opens the panel at a path: of a hub, for everybody on it. */
export function linkTo(path: string, options: ILinkOptions): string {
  const { baseUrl, hubHost, hubPrefix, page } = options;
  const base = hubPrefix
    ? new URL(URLExt.join(hubPrefix, 'user-redirect/'), hubHost || baseUrl)
    : new URL(baseUrl);
  const url = new URL(page, base);
  // Slashes are allowed in a query, and read better.
  url.search = `${PARAMETER}=${encodePath(path)}`;
  return url.href;
}

/** An address without the parameter; the others stay as they were written. */
export function withoutParameter(href: string): string {
  const url = new URL(href);
  url.search = url.search
    .slice(1)
    .split('&')
    .filter(part => part !== PARAMETER && !part.startsWith(`${PARAMETER}=`))
    .join('&');
  return url.href;
}
