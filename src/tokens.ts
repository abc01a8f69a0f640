/* The interfaces for other extensions, and their tokens. */

import { ServerConnection } from '@jupyterlab/services';
import { Token } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { IDirectory } from './api/directory';
import {
  IArchive,
  IEntry,
  ILocalFolder,
  IReceived,
  ISearchLine,
  IStatus,
  ITotals,
  ITransfer
} from './api/types';
import { IPanelSettings } from './common/settings';

/** The id of the panel's widget; also its name in saved layouts and the key of its saved state. */
export const PANEL_ID = 'ctadata-panel';

/** The plugin whose schema (`schema/panel.json`) has the settings. */
export const SETTINGS_ID = 'ctadata:panel';

/**
 * The server extension's REST interface.
 *
 * Paths of the storage are relative to its root, decoded, without a leading or trailing slash; '' is the root.
 * Errors have a `code`.
 */
export interface ICTADataAPI {
  readonly settings: ServerConnection.ISettings;

  /** List a directory, or get the entry of a file; `isDirectory` tells which it is. */
  list(path: string, signal?: AbortSignal): Promise<IDirectory | IEntry>;

  /** Search for names below a directory; resolves when the search has finished. */
  search(
    path: string,
    pattern: string,
    onLine: (line: ISearchLine) => void,
    signal: AbortSignal
  ): Promise<void>;

  /** Count the files and bytes in some paths; `onLine` gets the totals so far. */
  totals(
    paths: readonly string[],
    onLine: (line: ITotals) => void,
    signal?: AbortSignal
  ): Promise<ITotals>;

  /** The state of the data service and of the token. */
  status(): Promise<IStatus>;

  /** The user's home directory in the storage, the only one that uploads can go to. */
  homeDirectory(signal?: AbortSignal): Promise<string>;

  /** The content of a file; rejects with 'too-large' beyond `limit` bytes. */
  content(path: string, limit: number): Promise<Uint8Array>;

  /** The URL that the browser downloads a file from; `cookie` is the page's. */
  fileUrl(path: string, cookie: string): string;

  /** Prepare a zip of some paths. */
  archive(paths: readonly string[], signal?: AbortSignal): Promise<IArchive>;

  /** The URL that the browser downloads a zip from; `cookie` is the page's. */
  archiveUrl(id: string, cookie: string): string;

  /** The files in a folder of the workspace, and the free disk space; '' is its top folder. */
  localFiles(folder: string, signal?: AbortSignal): Promise<ILocalFolder>;

  /** All transfers, the oldest first. */
  transfers(): Promise<ITransfer[]>;

  /** Start one download into a folder of the workspace for each path. */
  download(
    paths: readonly string[],
    destination: string,
    overwrite: boolean
  ): Promise<ITransfer[]>;

  /** Start one upload for each path of the workspace; `names` are the names in the storage. */
  uploadFromWorkspace(
    paths: readonly string[],
    destination: string,
    names: readonly string[]
  ): Promise<ITransfer[]>;

  /** Retry a transfer that has ended without success; it keeps its id. */
  retry(id: string): Promise<ITransfer>;

  /** Cancel a transfer; one that has already ended stays as it is. */
  cancel(id: string): Promise<ITransfer>;

  /** Remove a transfer that has ended from the server's list. */
  forgetTransfer(id: string): Promise<void>;

  /** The files that the server has received from browsers and has not stored yet. */
  uploads(): Promise<IReceived[]>;

  /** Store received files; the paths are relative to the destination. */
  startUpload(
    name: string,
    uploads: readonly { id: string; path: string }[],
    destination: string,
    hidden: { files: number; directories: number }
  ): Promise<ITransfer[]>;

  /** Delete a received file from the server. */
  removeUpload(id: string): Promise<void>;
}

/** An error with a code for programs and a sentence for people. */
export interface IError {
  readonly code: string;
  readonly message: string;
}

/** The server's transfers, kept up to date while one of them runs. */
export interface ITransferManager {
  /** Emitted whenever the list or a transfer in it has changed. */
  readonly changed: ISignal<unknown, void>;
  /** Emitted with each transfer that ends. */
  readonly ended: ISignal<unknown, ITransfer>;
  /** All transfers, the newest first. */
  readonly items: readonly ITransfer[];
  /** Whether the list has been loaded. */
  readonly known: boolean;
  /** Why the list may be out of date. */
  readonly error: IError | null;

  /** Load the list; failures are logged only. */
  start(): Promise<void>;

  /** Load the list now. */
  refresh(): Promise<void>;

  /** Start downloads into a folder of the workspace; rejects with 'already-exists' if files would be overwritten. */
  download(
    paths: readonly string[],
    destination: string,
    overwrite?: boolean
  ): Promise<void>;

  /** Show transfers that were started by the API. */
  add(started: readonly ITransfer[]): void;

  /** Retry transfers that have ended without success. */
  retry(transfers: readonly ITransfer[]): Promise<void>;

  /** Cancel a transfer. */
  cancel(transfer: ITransfer): Promise<void>;

  /** Remove a transfer that has ended from the list. */
  forget(transfer: ITransfer): Promise<void>;

  /** Remove the ended transfers from the list, except for interrupted ones. */
  clearEnded(): Promise<void>;
}

/** The user's settings of the panel (`schema/panel.json`). */
export interface ISettings {
  /** Emitted when they have been loaded or changed. */
  readonly changed: ISignal<unknown, void>;

  get<K extends keyof IPanelSettings>(key: K): IPanelSettings[K];

  set<K extends keyof IPanelSettings>(
    key: K,
    value: IPanelSettings[K]
  ): Promise<void>;

  /** Change a setting, after all changes before this one. */
  change<K extends keyof IPanelSettings>(
    key: K,
    change: (value: IPanelSettings[K]) => IPanelSettings[K]
  ): Promise<void>;
}

/** The user's workspace, where downloads go. Folders are relative to its top folder, ''. */
export interface IWorkspace {
  /** Emitted when `folder` or the files of the workspace change. */
  readonly changed: ISignal<unknown, void>;
  /** The current folder of the file browser. */
  readonly folder: string;
  /** The folder chosen last, or else the current folder of the file browser. */
  readonly chosen: string;
  readonly canChoose: boolean;
  readonly canReveal: boolean;

  /** Let the user choose a folder, and remember it; null if the user cancels. */
  choose(title: string, folder: string): Promise<string | null>;

  /** Show and select a file or folder in the file browser. */
  reveal(path: string): Promise<void>;

  /** Reload the file browser. */
  refresh(): Promise<void>;
}

/** The parts of ctadata that need no panel. */
export interface ICTADataService {
  readonly api: ICTADataAPI;
  readonly transfers: ITransferManager;
  readonly settings: ISettings;
  readonly workspace: IWorkspace;
}

export const ICTADataService = new Token<ICTADataService>(
  'ctadata:ICTADataService',
  'The REST interface, transfers, settings and workspace of ctadata.'
);

/** The rows of the listing, filtered and sorted; 0 is the first one. */
export interface IRows {
  readonly length: number;
  /** The pattern that names must match; '' shows all. */
  filter: string;
  /** The selected entries, from top to bottom. */
  readonly selected: {
    readonly entries: readonly IEntry[];
    readonly directories: number;
    /** Total bytes of the files whose size is known. */
    readonly bytes: number;
  };
  readonly selectedCount: number;

  entryAt(row: number): IEntry;
  nameAt(row: number): string;
  selectAll(): void;

  /** Select the rows whose names pass a test. */
  selectMatching(test: (name: string) => boolean): void;

  /** Select the row with this name, now or when the next entries arrive. */
  selectName(name: string): void;
}

/** The state of the panel: the current directory, or the results of a search below it. */
export interface IBrowserModel {
  /** Emitted when any of it changes. */
  readonly changed: ISignal<unknown, void>;
  /** Emitted with the path when the current directory changes. */
  readonly pathChanged: ISignal<unknown, string>;
  readonly path: string;
  readonly rows: IRows;
  readonly loading: boolean;
  /** Why the last load failed. */
  readonly error: IError | null;
  /** The search whose results are shown instead of the directory; null without one. */
  readonly search: { readonly pattern: string } | null;
  readonly canGoBack: boolean;
  readonly canGoForward: boolean;
  /** Whether the user is typing a path. */
  editing: boolean;

  /** Change to another directory. */
  cd(path: string): Promise<void>;
  goUp(): Promise<void>;
  goBack(): Promise<void>;
  goForward(): Promise<void>;

  /** Change to a directory, or select a file in its directory; rejects if the path does not exist. */
  open(path: string): Promise<void>;

  /** Change to the user's home directory. */
  goToUploads(): Promise<void>;

  /** Select a file or directory in the directory that contains it. */
  reveal(path: string): Promise<void>;

  /** The entries of a directory, from the cache if possible; null if it cannot be listed. */
  lookUp(path: string): Promise<IDirectory | null>;

  /** Load the directory again. */
  refresh(): Promise<void>;

  /** Mark a directory as changed; the current directory is loaded again. */
  invalidate(path: string): Promise<void>;

  /** Search for names below the current directory, and show the results. */
  startSearch(pattern: string): void;

  /** Close the search, and show the directory again. */
  endSearch(): void;
}

/** Downloads into the workspace, with their dialogs. */
export interface IDownloads {
  /** Download into a folder of the workspace; ask for confirmation if the settings say so. */
  toWorkspace(entries: readonly IEntry[], folder: string): Promise<void>;

  /** Ask for confirmation and the folder, then download; the dialog shows `reason`. */
  confirm(
    entries: readonly IEntry[],
    folder: string,
    reason?: string
  ): Promise<void>;
}

/** Options of a section of the panel. */
export interface ISectionOptions {
  /** Sections are sorted by rank: certificates 100, uploads 200, transfers 300; the default is 1000. */
  rank?: number;
}

/** The panel in the sidebar. */
export interface ICTADataPanel {
  readonly model: IBrowserModel;
  readonly downloads: IDownloads;
  readonly isVisible: boolean;
  readonly node: HTMLElement;
  readonly disposed: ISignal<unknown, void>;
  /** Emitted when the panel is shown. */
  readonly shown: ISignal<unknown, void>;

  /** Add a section below the listing; dispose of the widget to remove it. */
  addSection(widget: Widget, options?: ISectionOptions): void;

  /** Focus the filter box. */
  focusFilter(): void;
}

export const ICTADataPanel = new Token<ICTADataPanel>(
  'ctadata:ICTADataPanel',
  'The panel for browsing CTA data.'
);

/** Previews files in the main area. */
export interface ICTADataViewer {
  /**
   * Open a file read-only.
   *
   * @throws RequestError; 'too-large' and 'no-viewer' if it must be downloaded instead
   */
  open(entry: IEntry): Promise<void>;
}

export const ICTADataViewer = new Token<ICTADataViewer>(
  'ctadata:ICTADataViewer',
  'Previews files of the CTA storage.'
);
