import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ReactWidget, UseSignal } from '@jupyterlab/apputils';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';

import { printableTexts } from '../common/printable';
import { ICTADataService, PANEL_ID } from '../tokens';
import { describeSummary, summarize } from '../transfers/describe-transfers';

/** Shows transfers in the status bar; hidden if there are none. */
export const statusBarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:status-bar',
  description: 'Shows the transfers of the panel in the status bar.',
  autoStart: true,
  requires: [ICTADataService],
  optional: [IStatusBar, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    const { transfers } = service;
    if (!statusBar) {
      return;
    }
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    const text = () => describeSummary(summarize(transfers.items), trans);
    const item = ReactWidget.create(
      <UseSignal signal={transfers.changed}>
        {() => (
          <button
            className="jp-CTAData-status"
            title={trans.__('Show the transfers of CTA data')}
            onClick={() => app.shell.activateById(PANEL_ID)}
          >
            {trans.__('CTA: %1', text())}
          </button>
        )}
      </UseSignal>
    );
    statusBar.registerStatusItem(statusBarPlugin.id, {
      item,
      align: 'left',
      isActive: () => text() !== '',
      activeStateChanged: transfers.changed
    });
  }
};
