import { ServerConnection } from '@jupyterlab/services';

import { encodePath } from './paths';
import { request, requestBytes, resourceUrl } from './request';

/** One file or directory of the storage. */
export interface IEntry {
  name: string;
  /** Relative to the storage's root, decoded, without a trailing slash. */
  path: string;
  type: 'file' | 'directory';
  /** Bytes; null where the storage does not say. */
  size: number | null;
  /** ISO 8601, UTC. */
  modified: string | null;
}

/** A file, or a directory with what it contains. */
export interface IResource extends IEntry {
  entries: IEntry[];
  /** Whether there are more entries than were sent. */
  truncated: boolean;
}

/** What the server extension knows of the data service. */
export interface IStatus {
  service: { url: string; reachable: boolean; message: string | null };
  token: { present: boolean };
  user: string | null;
}

/** A copy between storage and workspace, made by the server. */
export interface ITransfer {
  id: string;
  kind: 'download' | 'upload';
  source: string;
  target: string;
  state:
    'queued' | 'running' | 'cancelling' | 'finished' | 'failed' | 'cancelled';
  bytes_done: number;
  bytes_total: number | null;
  files_done: number;
  files_total: number | null;
  /** Whether more files may be found: the totals are of those found so far. */
  counting: boolean;
  /** Bytes per second. */
  rate: number | null;
  error: { code: string; message: string } | null;
  failures: { path: string; code: string; message: string }[];
}

/** The server extension's REST interface (see its openapi.yaml). */
export class API {
  constructor(readonly settings: ServerConnection.ISettings) {}

  /** List a directory, or tell what a file is. */
  list(path: string, signal?: AbortSignal): Promise<IResource> {
    return request(this.settings, `resources/${encodePath(path)}`, { signal });
  }

  status(): Promise<IStatus> {
    return request(this.settings, 'status');
  }

  async transfers(): Promise<ITransfer[]> {
    const { transfers } = await request<{ transfers: ITransfer[] }>(
      this.settings,
      'transfers'
    );
    return transfers;
  }

  /** Start one download into a folder of the workspace for each path; '' is the workspace itself. */
  async download(
    paths: readonly string[],
    destination: string,
    overwrite: boolean
  ): Promise<ITransfer[]> {
    const { transfers } = await request<{ transfers: ITransfer[] }>(
      this.settings,
      'transfers',
      {
        method: 'POST',
        body: JSON.stringify({
          kind: 'download',
          paths,
          destination,
          overwrite
        })
      }
    );
    return transfers;
  }

  /** Cancel a transfer, or forget one that has ended. */
  async removeTransfer(id: string): Promise<void> {
    await request(this.settings, `transfers/${encodeURIComponent(id)}`, {
      method: 'DELETE'
    });
  }

  /** A file's content, if it is no longer than `limit` bytes. */
  content(path: string, limit: number): Promise<Uint8Array> {
    return requestBytes(this.settings, `files/${encodePath(path)}`, limit);
  }

  /** The address that sends a file to the browser; the cookie's value proves that this page asks. */
  fileUrl(path: string, cookie: string): string {
    const url = resourceUrl(this.settings, `files/${encodePath(path)}`);
    const xsrf = /(?:^|;\s*)_xsrf=([^;]*)/.exec(cookie);
    return xsrf ? `${url}?_xsrf=${encodeURIComponent(xsrf[1])}` : url;
  }
}
