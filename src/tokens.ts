import { Token } from '@lumino/coreutils';
import { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { BrowserModel } from './model';
import { TransfersModel } from './transfers';

/** The widget's id, which is also its name in saved layouts and the key of its saved state. */
export const PANEL_ID = 'ctadata-panel';

/** What other parts of JupyterLab may use of the panel. */
export interface ICTADataPanel {
  readonly model: BrowserModel;
  readonly transfers: TransfersModel;
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

/** The commands' names. */
export const CommandIDs = {
  copyAsPython: 'ctadata:copy-as-python',
  copyPath: 'ctadata:copy-path',
  downloadToComputer: 'ctadata:download-to-computer',
  downloadToWorkspace: 'ctadata:download-to-workspace',
  editPath: 'ctadata:edit-path',
  filter: 'ctadata:filter',
  goUp: 'ctadata:go-up',
  open: 'ctadata:open',
  openPanel: 'ctadata:open-panel',
  refresh: 'ctadata:refresh',
  selectAll: 'ctadata:select-all'
} as const;
