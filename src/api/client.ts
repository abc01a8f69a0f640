import { ServerConnection } from '@jupyterlab/services';

import { encodePath } from '../common/paths';
import { Directory } from './directory';
import { RequestError } from './errors';
import {
  request,
  requestBytes,
  requestLines,
  resourceUrl,
  xsrfOf
} from './http';
import {
  IArchive,
  IEntry,
  ILocalFolder,
  IReceived,
  IResource,
  ISearchLine,
  IStatus,
  ITotals,
  ITransfer
} from './types';

/** The version of the interface between panel and server extension (openapi.yaml). */
export const API_VERSION = 2;

/** The server extension's REST interface (see its openapi.yaml). */
export class API {
  constructor(readonly settings: ServerConnection.ISettings) {}

  /** List a directory, or tell what a file is. */
  async list(path: string, signal?: AbortSignal): Promise<Directory | IEntry> {
    const { entries, truncated, ...entry } = await request<IResource>(
      this.settings,
      `resources/${encodePath(path)}`,
      { signal }
    );
    if (entry.type === 'file') {
      return entry;
    }
    // Older ones send rows.
    if (!Array.isArray(entries?.names)) {
      throw new RequestError('server-older', '');
    }
    return new Directory(entry.path, entries, truncated);
  }

  /** Look for names below a directory; resolves when all of it has been looked into. */
  async search(
    path: string,
    pattern: string,
    onLine: (line: ISearchLine) => void,
    signal: AbortSignal
  ): Promise<void> {
    await requestLines<ISearchLine>(
      this.settings,
      `search/${encodePath(path)}?pattern=${encodeURIComponent(pattern)}`,
      { signal },
      onLine
    );
  }

  status(): Promise<IStatus> {
    return request<IStatus>(this.settings, 'status', {}, [
      'service',
      'versions'
    ]);
  }

  /** The directory of the storage that the user may write to. */
  async ownDirectory(signal?: AbortSignal): Promise<string> {
    const { path } = await request<{ path: string }>(
      this.settings,
      'own-directory',
      { signal },
      ['path']
    );
    return path;
  }

  /** What the server has received of uploads, and not handed on to the storage yet. */
  async uploads(): Promise<IReceived[]> {
    const { uploads } = await request<{ uploads: IReceived[] }>(
      this.settings,
      'uploads',
      {},
      ['uploads']
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

  /**
   * Hand on what the server has received; the paths are relative to the destination.
   *
   * @param hidden - how much of a folder was not sent
   */
  async startUpload(
    name: string,
    uploads: readonly { id: string; path: string }[],
    destination: string,
    hidden: { files: number; directories: number }
  ): Promise<ITransfer[]> {
    const { transfers } = await request<{ transfers: ITransfer[] }>(
      this.settings,
      'transfers',
      {
        method: 'POST',
        body: JSON.stringify({
          kind: 'upload',
          name,
          uploads,
          destination,
          left_out: {
            'hidden file': hidden.files || undefined,
            'hidden directory': hidden.directories || undefined
          }
        })
      },
      ['transfers']
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
      },
      ['transfers']
    );
    return transfers;
  }

  async transfers(): Promise<ITransfer[]> {
    const { transfers } = await request<{ transfers: ITransfer[] }>(
      this.settings,
      'transfers',
      {},
      ['transfers']
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
      },
      ['transfers']
    );
    return transfers;
  }

  /** Run a transfer again that has ended without success; it keeps its id. */
  retry(id: string): Promise<ITransfer> {
    return request<ITransfer>(
      this.settings,
      `transfers/${encodeURIComponent(id)}/retry`,
      { method: 'POST' },
      ['id', 'state']
    );
  }

  /** Cancel a transfer; one that has ended meanwhile stays as it is. */
  cancel(id: string): Promise<ITransfer> {
    return request<ITransfer>(
      this.settings,
      `transfers/${encodeURIComponent(id)}/cancel`,
      { method: 'POST' },
      ['id', 'state']
    );
  }

  /** Let the server forget a transfer that has ended. */
  async forgetTransfer(id: string): Promise<void> {
    await request(this.settings, `transfers/${encodeURIComponent(id)}`, {
      method: 'DELETE'
    });
  }

  /**
   * Count what is in some paths; all that directories contain counts.
   *
   * @param onLine - called with what has been counted so far, and with the last line
   */
  totals(
    paths: readonly string[],
    onLine: (line: ITotals) => void,
    signal?: AbortSignal
  ): Promise<ITotals> {
    return requestLines(
      this.settings,
      'totals',
      { method: 'POST', body: JSON.stringify({ paths }), signal },
      onLine
    );
  }

  /** Prepare a zip of some paths. */
  archive(paths: readonly string[], signal?: AbortSignal): Promise<IArchive> {
    return request<IArchive>(
      this.settings,
      'archives',
      { method: 'POST', body: JSON.stringify({ paths }), signal },
      ['id', 'name']
    );
  }

  /** Look at a folder of the workspace; '' is the workspace itself. */
  localFiles(folder: string, signal?: AbortSignal): Promise<ILocalFolder> {
    return request<ILocalFolder>(
      this.settings,
      `workspace/${encodePath(folder)}`,
      { signal },
      ['free', 'files']
    );
  }

  /** A file's content, if it is no longer than `limit` bytes. */
  content(path: string, limit: number): Promise<Uint8Array> {
    return requestBytes(this.settings, `files/${encodePath(path)}`, limit);
  }

  /** The address that sends a file to the browser; the cookie's value proves that this page asks. */
  fileUrl(path: string, cookie: string): string {
    return this._link(`files/${encodePath(path)}`, cookie);
  }

  /** The address that sends an archive to the browser. */
  archiveUrl(id: string, cookie: string): string {
    return this._link(`archives/${encodeURIComponent(id)}`, cookie);
  }

  private _link(path: string, cookie: string): string {
    const url = resourceUrl(this.settings, path);
    const xsrf = xsrfOf(cookie);
    return xsrf ? `${url}?_xsrf=${encodeURIComponent(xsrf)}` : url;
  }
}
