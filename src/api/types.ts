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

/** What a directory contains, in columns: one item for each name, the directories first. */
export interface IColumns {
  names: string[];
  /** How many of the first ones are directories. */
  directories: number;
  /** Bytes; null where the storage does not say. */
  sizes: (number | null)[];
  /** Seconds since 1970 (UTC). */
  modified: (number | null)[];
}

/** A file, or a directory with what it contains. */
export interface IResource extends IEntry {
  entries: IColumns;
  /** Whether there are more entries than were sent. */
  truncated: boolean;
}

/** A line of a streamed answer; the last one says that it is complete. */
export interface ILine {
  done?: boolean;
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
