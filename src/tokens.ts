/* The interfaces that other extensions build on, and the tokens by which JupyterLab hands them out. */

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

/** The widget's id, which is also its name in saved layouts and the key of its saved state. */
export const PANEL_ID = 'ctadata-panel';

/** The plugin whose schema (`schema/panel.json`) has the settings. */
export const SETTINGS_ID = 'ctadata:panel';

/**
 * The server extension's REST interface.
 *
 * Paths of the storage are relative to its root, decoded, without a leading or trailing slash; '' is the root. What
 * goes wrong rejects with an error that has a `code`.
 */
export interface ICTADataAPI {
  readonly settings: ServerConnection.ISettings;

  /** List a directory, or tell what a file is: `isDirectory` tells which. */
  list(path: string, signal?: AbortSignal): Promise<IDirectory | IEntry>;

  /** Look for names below a directory; resolves when all of it has been looked into. */
  search(
    path: string,
    pattern: string,
    onLine: (line: ISearchLine) => void,
    signal: AbortSignal
  ): Promise<void>;

  /** Count what is in some paths; `onLine` is called with what has been counted so far. */
  totals(
    paths: readonly string[],
    onLine: (line: ITotals) => void,
    signal?: AbortSignal
  ): Promise<ITotals>;

  /** What the server extension knows of the data service. */
  status(): Promise<IStatus>;

  /** The directory of the storage that the user may write to. */
  homeDirectory(signal?: AbortSignal): Promise<string>;

  /** A file's content, if it is no longer than `limit` bytes. */
  content(path: string, limit: number): Promise<Uint8Array>;

  /** The address that sends a file to the browser; `cookie` is that of the page. */
  fileUrl(path: string, cookie: string): string;

  /** Prepare a zip of some paths. */
  archive(paths: readonly string[], signal?: AbortSignal): Promise<IArchive>;

  /** The address that sends a zip to the browser; `cookie` is that of the page. */
  archiveUrl(id: string, cookie: string): string;

  /** Look at a folder of the workspace; '' is the workspace itself. */
  localFiles(folder: string, signal?: AbortSignal): Promise<ILocalFolder>;

  /** All transfers, the oldest first. */
  transfers(): Promise<ITransfer[]>;

  /** Start one download into a folder of the workspace for each path. */
  download(
    paths: readonly string[],
    destination: string,
    overwrite: boolean
  ): Promise<ITransfer[]>;

  /** Start one upload for each path of the workspace; `names` are those to have in the storage. */
  uploadFromWorkspace(
    paths: readonly string[],
    destination: string,
    names: readonly string[]
  ): Promise<ITransfer[]>;

  /** Run a transfer again that has ended without success; it keeps its id. */
  retry(id: string): Promise<ITransfer>;

  /** Cancel a transfer; one that has ended meanwhile stays as it is. */
  cancel(id: string): Promise<ITransfer>;

  /** Remove a transfer that has ended from the server's list. */
  forgetTransfer(id: string): Promise<void>;

  /** What the server has received from browsers, and not stored yet. */
  uploads(): Promise<IReceived[]>;

  /** Store what the server has received; the paths are relative to the destination. */
  startUpload(
    name: string,
    uploads: readonly { id: string; path: string }[],
    destination: string,
    hidden: { files: number; directories: number }
  ): Promise<ITransfer[]>;

  /** Remove what the server has received of a file. */
  removeUpload(id: string): Promise<void>;
}

/** What went wrong. */
export interface IError {
  readonly code: string;
  readonly message: string;
}

/** The server's transfers, kept up to date while one of them runs. */
export interface ITransferManager {
  /** Emitted whenever the list or a transfer in it has changed. */
  readonly changed: ISignal<unknown, void>;
  /** Emitted with each transfer that was seen running and has ended. */
  readonly ended: ISignal<unknown, ITransfer>;
  /** All transfers, the newest first. */
  readonly items: readonly ITransfer[];
  /** Whether the server has told them. */
  readonly known: boolean;
  /** Why what is shown may be out of date. */
  readonly error: IError | null;

  /** Look whether there are transfers, perhaps started by another page. */
  start(): Promise<void>;

  /** Ask the server for its transfers now. */
  refresh(): Promise<void>;

  /** Start downloads into a folder of the workspace; rejects with 'already-exists' unless files may be replaced. */
  download(
    paths: readonly string[],
    destination: string,
    overwrite?: boolean
  ): Promise<void>;

  /** Show transfers that were started by the API. */
  add(started: readonly ITransfer[]): void;

  /** Run transfers again that have ended without success. */
  retry(transfers: readonly ITransfer[]): Promise<void>;

  /** Cancel a transfer. */
  cancel(transfer: ITransfer): Promise<void>;

  /** Remove a transfer that has ended from the list. */
  forget(transfer: ITransfer): Promise<void>;

  /** Remove all that have ended from the list, but for those that were interrupted. */
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

/** The user's workspace: where downloads go. Its folders are relative to its top, which is ''. */
export interface IWorkspace {
  /** Emitted when `folder` is another one, or files were changed by hand. */
  readonly changed: ISignal<unknown, void>;
  /** The folder that the file browser shows. */
  readonly folder: string;
  /** The folder that was chosen last, or else the file browser's. */
  readonly chosen: string;
  readonly canChoose: boolean;
  readonly canReveal: boolean;

  /** Let the user choose a folder, and remember it; null if none was chosen. */
  choose(title: string, folder: string): Promise<string | null>;

  /** Show and select a file or folder in the file browser. */
  reveal(path: string): Promise<void>;

  /** Show what has been added. */
  refresh(): Promise<void>;
}

/** What needs no panel. */
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
  /** The pattern that names have to match; '' for none. */
  filter: string;
  /** What is selected, from top to bottom. */
  readonly selected: {
    readonly entries: readonly IEntry[];
    readonly directories: number;
    /** Bytes of the files whose size is known. */
    readonly bytes: number;
  };
  readonly selectedCount: number;

  entryAt(row: number): IEntry;
  nameAt(row: number): string;
  selectAll(): void;

  /** Select those whose names pass a test. */
  selectMatching(test: (name: string) => boolean): void;

  /** Select what has this name, now or when the next entries are shown. */
  selectName(name: string): void;
}

/** What the panel shows: one directory of the storage, or the results of a search below it. */
export interface IBrowserModel {
  /** Emitted whenever something of it has changed. */
  readonly changed: ISignal<unknown, void>;
  /** Emitted with the path when another directory is shown. */
  readonly pathChanged: ISignal<unknown, string>;
  readonly path: string;
  readonly rows: IRows;
  readonly loading: boolean;
  /** What prevented the last loading. */
  readonly error: IError | null;
  /** The search whose results are shown instead of the directory. */
  readonly search: { readonly pattern: string } | null;
  readonly canGoBack: boolean;
  readonly canGoForward: boolean;
  /** Whether the path is being typed. */
  editing: boolean;

  /** Show another directory. */
  cd(path: string): Promise<void>;
  goUp(): Promise<void>;
  goBack(): Promise<void>;
  goForward(): Promise<void>;

  /** Show a directory, or the directory of a file, if it exists; rejects otherwise. */
  open(path: string): Promise<void>;

  /** Show the directory that the user's uploads go to. */
  goToUploads(): Promise<void>;

  /** Show the directory that contains this, and select it there. */
  reveal(path: string): Promise<void>;

  /** What a directory contains, as it was seen last if it was; null where that cannot be had. */
  lookUp(path: string): Promise<IDirectory | null>;

  /** Load the directory again. */
  refresh(): Promise<void>;

  /** Note that a directory has changed; it is loaded again if it is shown. */
  invalidate(path: string): Promise<void>;

  /** Look for names in all that is below the directory, and show what is found. */
  startSearch(pattern: string): void;

  /** Show the directory again. */
  endSearch(): void;
}

/** Downloads into the workspace, with the questions that they raise. */
export interface IDownloads {
  /** Download into a folder of the workspace; ask first where the settings want it. */
  toWorkspace(entries: readonly IEntry[], folder: string): Promise<void>;

  /** Ask, then download into the folder that is chosen there; `reason` says why it is asked. */
  confirm(
    entries: readonly IEntry[],
    folder: string,
    reason?: string
  ): Promise<void>;
}

/** Where a section of the panel stands. */
export interface ISectionOptions {
  /** Sections stand in the order of their ranks: certificates have 100, uploads 200, transfers 300. */
  rank?: number;
}

/** The panel in the sidebar. */
export interface ICTADataPanel {
  readonly model: IBrowserModel;
  readonly downloads: IDownloads;
  readonly isVisible: boolean;
  readonly node: HTMLElement;
  readonly disposed: ISignal<unknown, void>;
  /** Emitted whenever the panel comes into sight. */
  readonly shown: ISignal<unknown, void>;

  /** Add a section below the listing, until the widget is disposed of. */
  addSection(widget: Widget, options?: ISectionOptions): void;

  /** Put the cursor into the filter box. */
  focusFilter(): void;
}

export const ICTADataPanel = new Token<ICTADataPanel>(
  'ctadata:ICTADataPanel',
  'The panel that browses the data of CTA.'
);

/** What opens files in the main area. */
export interface ICTADataViewer {
  /**
   * Open a file to read it.
   *
   * @throws RequestError; 'too-large' and 'no-viewer' where it has to be downloaded instead
   */
  open(entry: IEntry): Promise<void>;
}

export const ICTADataViewer = new Token<ICTADataViewer>(
  'ctadata:ICTADataViewer',
  'Shows files of the CTA storage.'
);
