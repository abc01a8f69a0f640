import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import {
  ITranslator,
  TranslationBundle,
  nullTranslator
} from '@jupyterlab/translation';
import * as React from 'react';

import { CertificatesAPI } from '../api/certificates';
import {
  DelegationSession,
  IUploadResult
} from '../certificates/delegation-session';
import { explainUpload } from '../certificates/describe-certificates';
import { ExpiryNotifier } from '../certificates/expiry-notifier';
import { CertificatesModel } from '../certificates/model';
import { CertificateBadge } from '../certificates/view/certificate-badge';
import { DelegationDialog } from '../certificates/view/delegation-dialog';
import { describeArguments } from '../command-arguments';
import { CommandIDs } from '../command-ids';
import { PersistedValue } from '../common/persisted-value';
import { printable, printableTexts } from '../common/printable';
import { ICTADataPanel, ICTADataService, PANEL_ID } from '../tokens';
import { createView } from '../ui/error-boundary';
import { certificateIcon } from '../ui/icons';
import { Notifier } from '../ui/notify';

/** Delegates short-lived certificates to the platform, and shows their remaining validity. */
export const certificatesPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:certificates',
  description: 'Delegates proxy certificates, and says when they expire.',
  autoStart: true,
  requires: [ICTADataService, ICTADataPanel],
  optional: [IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    panel: ICTADataPanel,
    state: IStateDB | null,
    translator: ITranslator | null
  ) => {
    const { api, settings } = service;
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    const certificates = new CertificatesModel(
      new CertificatesAPI(api.settings),
      () => !document.hidden
    );
    const chosen = new PersistedValue(
      state,
      `${PANEL_ID}:certificate-key`,
      'cta'
    );
    const { commands } = app;
    const open = () => void commands.execute(CommandIDs.delegateCertificate);

    const badge = createView(certificates.changed, trans, () => (
      <CertificateBadge certificates={certificates} open={open} trans={trans} />
    ));
    badge.addClass('jp-CTAData-certificate');
    panel.addSection(badge, { rank: 100 });

    let dialog: DelegationDialog | null = null;
    commands.addCommand(CommandIDs.delegateCertificate, {
      label: trans.__('Delegate Certificate…'),
      caption: trans.__(
        'Check a proxy certificate and upload it to the certificate service'
      ),
      icon: certificateIcon,
      describedBy: describeArguments(),
      execute: async () => {
        // A second dialog would wait behind it.
        if (dialog) {
          return;
        }
        const session = new DelegationSession(certificates, chosen, result =>
          tellLate(result, trans)
        );
        dialog = new DelegationDialog(certificates, session, trans);
        void certificates.refresh();
        void session.findOnServer();
        try {
          await dialog.launch();
        } finally {
          dialog = null;
          // Listings refused without a certificate may work now.
          if (panel.model.error?.code === 'certificate-needed') {
            void panel.model.invalidate(panel.model.path);
          }
        }
      }
    });

    new ExpiryNotifier(
      certificates,
      new PersistedValue(state, `${PANEL_ID}:expiry-told`, ''),
      () => settings.get('notifyExpiry'),
      open,
      trans
    );

    const refresh = () => void certificates.refresh();
    const onVisible = () => {
      if (!document.hidden) {
        refresh();
      }
    };
    panel.shown.connect(refresh);
    document.addEventListener('visibilitychange', onVisible);
    panel.disposed.connect(() => {
      document.removeEventListener('visibilitychange', onVisible);
      certificates.dispose();
    });
    // Notify of expiry even if the panel is never shown.
    void app.restored.then(refresh);
  }
};

/** Notify of an upload that ended after its dialog was closed. */
function tellLate(result: IUploadResult, trans: TranslationBundle): void {
  const { key, refused, stored } = result;
  const notifier = new Notifier(trans);
  if (stored) {
    notifier.show('success', {
      title: trans.__('The certificate was uploaded for %1', key),
      text: trans.__(
        'The certificate was uploaded for %1. The service says: %2',
        key,
        printable(stored.message)
      )
    });
  } else if (refused) {
    const { title, text } = explainUpload(refused, trans);
    notifier.show(
      'error',
      {
        title: trans.__('Certificate for %1: %2', key, title),
        text: trans.__(
          'Certificate for %1: %2',
          key,
          [title, printable(text)].join(': ')
        )
      },
      { autoClose: false }
    );
  }
}
