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
  IHomeDirectory,
  ILocalFolder,
  IReceived,
  IReceivedList,
  IResource,
  ISearchLine,
  IStatus,
  ITotals,
  ITransfer,
  ITransferList,
  ITransferOrder
} from './types';

/** The version of the interface that this panel speaks (openapi.yaml). */
export const API_VERSION = 3;

/** The server extension's REST interface, which openapi.yaml describes. */
export class API {
  constructor(readonly settings: ServerConnection.ISettings) {}

  /** List a directory, or get a file's entry. */
  async list(path: string, signal?: AbortSignal): Promise<Directory | IEntry> {
    const { entries, truncated, ...entry } = await request<IResource>(
      this.settings,
      `resources/${encodePath(path)}`,
      { signal }
    );
    if (entry.type === 'file') {
      return entry;
    }
    // An older server sends the entries row by row.
    if (!Array.isArray(entries?.names)) {
      throw new RequestError('server-older', '');
    }
    return new Directory(entry.path, entries, truncated);
  }

  /** Search names below a directory; resolves at the end of the search. */
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
  async homeDirectory(signal?: AbortSignal): Promise<string> {
    const { path } = await request<IHomeDirectory>(
      this.settings,
      'home-directory',
      { signal },
      ['path']
    );
    return path;
  }

  /** The files that the server has received, wholly or in part, and not yet stored. */
  async uploads(): Promise<IReceived[]> {
    const { uploads } = await request<IReceivedList>(
      this.settings,
      'uploads',
      {},
      ['uploads']
    );
    return uploads;
  }

  /** Remove what the server has received of a file. */
  async removeUpload(id: string): Promise<void> {
    await request(this.settings, `uploads/${encodeURIComponent(id)}`, {
      method: 'DELETE',
      headers: { 'Tus-Resumable': '1.0.0' }
    });
  }

  /**
   * Start to store files that the server has received.
   *
   * @param uploads - their paths are relative to the destination
   * @param hidden - how many hidden files and directories of a folder were not sent
   */
  startUpload(
    name: string,
    uploads: readonly { id: string; path: string }[],
    destination: string,
    hidden: { files: number; directories: number }
  ): Promise<ITransfer[]> {
    return this._start({
      kind: 'upload',
      name,
      uploads: [...uploads],
      destination,
      left_out: {
        'hidden file': hidden.files || undefined,
        'hidden directory': hidden.directories || undefined
      }
    });
  }

  /** Start one upload for each path of the workspace; `names` are the names in the storage. */
  uploadFromWorkspace(
    paths: readonly string[],
    destination: string,
    names: readonly string[]
  ): Promise<ITransfer[]> {
    return this._start({
      kind: 'upload',
      paths: [...paths],
      destination,
      names: [...names]
    });
  }

  /** Start one download for each path; the destination is a folder of the workspace, or '' for its top. */
  download(
    paths: readonly string[],
    destination: string,
    overwrite: boolean
  ): Promise<ITransfer[]> {
    return this._start({
      kind: 'download',
      paths: [...paths],
      destination,
      overwrite
    });
  }

  async transfers(): Promise<ITransfer[]> {
    const { transfers } = await request<ITransferList>(
      this.settings,
      'transfers',
      {},
      ['transfers']
    );
    return transfers;
  }

  /** Resume a transfer that has ended without success; it keeps its id. */
  retry(id: string): Promise<ITransfer> {
    return request<ITransfer>(
      this.settings,
      `transfers/${encodeURIComponent(id)}/retry`,
      { method: 'POST' },
      ['id', 'state']
    );
  }

  /** Cancel a transfer; one that has already ended stays as it is. */
  cancel(id: string): Promise<ITransfer> {
    return request<ITransfer>(
      this.settings,
      `transfers/${encodeURIComponent(id)}/cancel`,
      { method: 'POST' },
      ['id', 'state']
    );
  }

  /** Remove a transfer that has ended from the server's list. */
  async forgetTransfer(id: string): Promise<void> {
    await request(this.settings, `transfers/${encodeURIComponent(id)}`, {
      method: 'DELETE'
    });
  }

  /**
   * Count files and bytes, with everything below directories.
   *
   * @param onLine - called with the totals so far, and with the last line
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

  /** List the files of a folder of the workspace; '' is its top. */
  localFiles(folder: string, signal?: AbortSignal): Promise<ILocalFolder> {
    return request<ILocalFolder>(
      this.settings,
      `workspace/${encodePath(folder)}`,
      { signal },
      ['free', 'files']
    );
  }

  /** A file's content, of at most `limit` bytes. */
  content(path: string, limit: number): Promise<Uint8Array> {
    return requestBytes(this.settings, `files/${encodePath(path)}`, limit);
  }

  /** The URL of a file for the browser's own download; the page's cookie has the XSRF token. */
  fileUrl(path: string, cookie: string): string {
    return this._link(`files/${encodePath(path)}`, cookie);
  }

  /** The URL of an archive for the browser's own download. */
  archiveUrl(id: string, cookie: string): string {
    return this._link(`archives/${encodeURIComponent(id)}`, cookie);
  }

  private async _start(order: ITransferOrder): Promise<ITransfer[]> {
    const { transfers } = await request<ITransferList>(
      this.settings,
      'transfers',
      { method: 'POST', body: JSON.stringify(order) },
      ['transfers']
    );
    return transfers;
  }

  private _link(path: string, cookie: string): string {
    const url = resourceUrl(this.settings, path);
    const xsrf = xsrfOf(cookie);
    return xsrf ? `${url}?_xsrf=${encodeURIComponent(xsrf)}` : url;
  }
}
