import { Token } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { IEntry } from './api/types';
import { LocalCopies } from './browser/local-copies';
import { BrowserModel } from './browser/model';
import { Settings } from './common/settings';
import { DownloadController } from './downloads/download-controller';
import { TransfersModel } from './transfers/model';

/** The widget's id, which is also its name in saved layouts and the key of its saved state. */
export const PANEL_ID = 'ctadata-panel';

/** What other parts of JupyterLab may use of the panel. */
export interface ICTADataPanel {
  readonly model: BrowserModel;
  readonly transfers: TransfersModel;
  readonly settings: Settings;
  readonly downloads: DownloadController;
  /** Which of the files that are shown are in the workspace already. */
  readonly localCopies: LocalCopies;
  readonly isVisible: boolean;
  readonly node: HTMLElement;
  readonly disposed: ISignal<unknown, void>;
  /** Emitted whenever the panel comes into sight. */
  readonly shown: ISignal<unknown, void>;

  /** Add a section above the transfers. */
  addAboveTransfers(widget: Widget): void;

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

/** The commands' names. */
export const CommandIDs = {
  copyAsPython: 'ctadata:copy-as-python',
  copyPath: 'ctadata:copy-path',
  delegateCertificate: 'ctadata:delegate-certificate',
  downloadTo: 'ctadata:download-to',
  downloadToComputer: 'ctadata:download-to-computer',
  downloadToWorkspace: 'ctadata:download-to-workspace',
  editPath: 'ctadata:edit-path',
  filter: 'ctadata:filter',
  goBack: 'ctadata:go-back',
  goForward: 'ctadata:go-forward',
  goTo: 'ctadata:go-to',
  goToUploads: 'ctadata:go-to-uploads',
  goUp: 'ctadata:go-up',
  open: 'ctadata:open',
  openPanel: 'ctadata:open-panel',
  places: 'ctadata:places',
  refresh: 'ctadata:refresh',
  reveal: 'ctadata:reveal',
  search: 'ctadata:search',
  selectAll: 'ctadata:select-all',
  selectByPattern: 'ctadata:select-by-pattern',
  toggleColumn: 'ctadata:toggle-column',
  toggleFavourite: 'ctadata:toggle-favourite'
} as const;
