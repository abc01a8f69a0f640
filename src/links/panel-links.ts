import { URLExt } from '@jupyterlab/coreutils';

import { encodePath } from '../common/paths';

/** The query parameter with the path that the panel shows. */
export const PARAMETER = 'cta-path';

/** The page's addresses, from its configuration. */
export interface ILinkOptions {
  /** The Jupyter server's address. */
  baseUrl: string;
  /** The hub's host if it is another one; otherwise ''. */
  hubHost: string;
  /** The hub's base path; '' without a hub. */
  hubPrefix: string;
  /** The page that opens the panel. */
  page: 'lab' | 'tree';
}

/** The URL that opens the panel at a path; with a hub, it works for all users of the hub. */
export function linkTo(path: string, options: ILinkOptions): string {
  const { baseUrl, hubHost, hubPrefix, page } = options;
  const base = hubPrefix
    ? new URL(URLExt.join(hubPrefix, 'user-redirect/'), hubHost || baseUrl)
    : new URL(baseUrl);
  const url = new URL(page, base);
  // Slashes are allowed in a query and are easier to read.
  url.search = `${PARAMETER}=${encodePath(path)}`;
  return url.href;
}

/** A URL without the parameter; the other parameters stay unchanged. */
export function withoutParameter(href: string): string {
  const url = new URL(href);
  url.search = url.search
    .slice(1)
    .split('&')
    .filter(part => part !== PARAMETER && !part.startsWith(`${PARAMETER}=`))
    .join('&');
  return url.href;
}
