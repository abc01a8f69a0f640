import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Widget } from '@lumino/widgets';
import { CommandIDs, ICTADataPanel, ICTADataService } from '../index';

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'my-extension:plugin',
  description: 'Adds a section to the panel of ctadata.',
  autoStart: true,
  requires: [ICTADataService],
  optional: [ICTADataPanel],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    panel: ICTADataPanel | null
  ) => {
    service.transfers.ended.connect((_, { source, state }) => {
      console.log(`${source}: ${state}`);
    });
    const section = new Widget({ node: document.createElement('button') });
    section.node.textContent = 'Download the index';
    section.node.onclick = () =>
      app.commands.execute(CommandIDs.downloadToWorkspace, {
        paths: ['lst/DL3/hdu-index.fits.gz'],
        destination: 'dl3'
      });
    // Between uploads (200) and transfers (300).
    panel?.addSection(section, { rank: 250 });
  }
};

export default plugin;
