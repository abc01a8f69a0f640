import { ServerConnection } from '@jupyterlab/services';

import { encodePath } from './paths';
import { request, resourceUrl } from './request';

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

/** What the server has received of one file from a browser. */
export interface IReceived {
  id: string;
  /** Relative to the destination, which is relative to the user's own directory. */
  path: string;
  destination: string;
  /** The name of the file or folder that was dropped. */
  item: string;
  fingerprint: string;
  size: number;
  offset: number;
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

  /** The directory of the storage that the user may write to. */
  async ownDirectory(): Promise<string> {
    const { path } = await request<{ path: string }>(
      this.settings,
      'own-directory'
    );
    return path;
  }

  /** What the server has received of uploads, and not handed on to the storage yet. */
  async uploads(): Promise<IReceived[]> {
    const { uploads } = await request<{ uploads: IReceived[] }>(
      this.settings,
      'uploads'
    );
    return uploads;
  }

  /** Let the server forget what it has received of a file. */
  async removeUpload(id: string): Promise<void> {
    await request(this.settings, `uploads/${encodeURIComponent(id)}`, {
      method: 'DELETE',
      headers: { 'Tus-Resumable': '1.0.0' }
    });
  }

  /** Hand on what the server has received; the paths are relative to the destination. */
  async startUpload(
    name: string,
    uploads: readonly { id: string; path: string }[],
    destination: string
  ): Promise<ITransfer[]> {
    const { transfers } = await request<{ transfers: ITransfer[] }>(
      this.settings,
      'transfers',
      {
        method: 'POST',
        body: JSON.stringify({ kind: 'upload', name, uploads, destination })
      }
    );
    return transfers;
  }

  /** Start one upload for each path of the workspace; `names` are those to have in the storage. */
  async uploadFromWorkspace(
    paths: readonly string[],
    destination: string,
    names: readonly string[]
  ): Promise<ITransfer[]> {
    const { transfers } = await request<{ transfers: ITransfer[] }>(
      this.settings,
      'transfers',
      {
        method: 'POST',
        body: JSON.stringify({ kind: 'upload', paths, destination, names })
      }
    );
    return transfers;
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

  /** The address that sends a file to the browser; the cookie's value proves that this page asks. */
  fileUrl(path: string, cookie: string): string {
    const url = resourceUrl(this.settings, `files/${encodePath(path)}`);
    const xsrf = /(?:^|;\s*)_xsrf=([^;]*)/.exec(cookie);
    return xsrf ? `${url}?_xsrf=${encodeURIComponent(xsrf[1])}` : url;
  }
}
