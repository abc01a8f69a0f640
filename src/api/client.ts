import { ServerConnection } from '@jupyterlab/services';

import { Directory, IColumns } from '../browser/collection';
import { encodePath } from '../common/paths';
import {
  ILine,
  RequestError,
  request,
  requestBytes,
  requestLines,
  resourceUrl,
  xsrfOf
} from './http';

/** The version of the interface between panel and server extension (openapi.yaml). */
export const API_VERSION = 2;

/** One file or directory of the storage. */
export interface IEntry {
  name: string;
  /** Relative to the storage's root, decoded, without a trailing slash. */
  path: string;
  type: 'file' | 'directory';
  /** Bytes; null where the storage does not say. */
  size: number | null;
  /** Seconds since 1970 (UTC). */
  modified: number | null;
}

/** A file, or a directory with what it contains. */
interface IResource extends IEntry {
  entries: IColumns;
  /** Whether there are more entries than were sent. */
  truncated: boolean;
}

/** A piece of news of a search. */
export interface ISearchLine extends ILine {
  /** What was found since the last one. */
  entries?: IEntry[];
  /** How many directories have been looked into. */
  directories: number;
  /** In the last one: whether there may be more than was sent. */
  truncated?: boolean;
  /** In the last one: the directories that could not be listed. */
  failures?: IFailure[];
}

/** What the server extension knows of the data service. */
export interface IStatus {
  service: { url: string; reachable: boolean; message: string | null };
  token: { present: boolean };
  user: string | null;
  versions: { api?: number; ctadata: string };
}

/** A copy between storage and workspace, made by the server. */
export interface ITransfer {
  id: string;
  kind: 'download' | 'upload';
  source: string;
  target: string;
  state:
    | 'queued'
    | 'running'
    | 'cancelling'
    | 'finished'
    | 'failed'
    | 'cancelled'
    | 'interrupted';
  bytes_done: number;
  bytes_total: number | null;
  files_done: number;
  files_total: number | null;
  /** Whether more files may be found: the totals are of those found so far. */
  counting: boolean;
  /** Bytes per second. */
  rate: number | null;
  error: { code: string; message: string } | null;
  /** What delays it and what is done about that; older servers do not tell. */
  notice?: string | null;
  failures: IFailure[];
  /** Whether it can run again, going on where it stopped. */
  resumable: boolean;
  /** ISO 8601, UTC. */
  created: string;
}

/** What became of one path among several. */
export interface IFailure {
  path: string;
  code: string;
  message: string;
}

/** How much there is in some paths, as far as it has been counted. */
export interface ITotals extends ILine {
  files: number;
  bytes: number;
  directories: number;
  /** Only in the last line: what could not be counted. */
  failures?: IFailure[];
}

/** A zip that the server makes while it is downloaded. */
export interface IArchive {
  id: string;
  name: string;
  bytes: number;
  files: number;
}

/** What is in a folder of the workspace, and the room on its disk. */
export interface ILocalFolder {
  path: string;
  /** Bytes. */
  free: number;
  /** Its regular files; modified in seconds since the epoch. */
  files: { names: string[]; sizes: number[]; modified: number[] };
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
