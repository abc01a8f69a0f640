import {
  ILayoutRestorer,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { SidePanel } from '@jupyterlab/ui-components';

import { ctaIcon } from './icons';

/** Puts the panel into the left sidebar. */
export const panelPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:panel',
  description: 'Browses and downloads the data of CTA from the left sidebar.',
  autoStart: true,
  optional: [ILayoutRestorer],
  activate: (app: JupyterFrontEnd, restorer: ILayoutRestorer | null) => {
    const panel = new SidePanel();
    panel.id = 'ctadata-panel';
    panel.addClass('jp-CTAData');
    panel.title.icon = ctaIcon;
    panel.title.caption = 'CTA data';
    restorer?.add(panel, panel.id);
    app.shell.add(panel, 'left', { rank: 150, type: 'CTA data' });
  }
};
