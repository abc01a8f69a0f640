import { Token } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { IEntry } from './api/types';
import { LocalCopies } from './browser/local-copies';
import { BrowserModel } from './browser/model';
import { Settings } from './common/settings';
import { DownloadController } from './downloads/download-controller';
import { TransfersModel } from './transfers/model';

/** The widget's id, also used in saved layouts and as the key of its saved state. */
export const PANEL_ID = 'ctadata-panel';

/** The parts of the panel that other extensions may use. */
export interface ICTADataPanel {
  readonly model: BrowserModel;
  readonly transfers: TransfersModel;
  readonly settings: Settings;
  readonly downloads: DownloadController;
  /** Knows which of the listed files are in the workspace folder. */
  readonly localCopies: LocalCopies;
  readonly isVisible: boolean;
  readonly node: HTMLElement;
  readonly disposed: ISignal<unknown, void>;
  /** Emitted when the panel is shown. */
  readonly shown: ISignal<unknown, void>;

  /** Add a section above the transfers. */
  addAboveTransfers(widget: Widget): void;

  /** Focus the filter box. */
  focusFilter(): void;
}

export const ICTADataPanel = new Token<ICTADataPanel>(
  'ctadata:ICTADataPanel',
  'The panel that browses the data of CTA.'
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
  'Shows files of the CTA storage.'
);

/** The ids of the commands. */
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
