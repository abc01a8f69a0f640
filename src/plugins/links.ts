import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Clipboard } from '@jupyterlab/apputils';
import { PageConfig } from '@jupyterlab/coreutils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { linkIcon } from '@jupyterlab/ui-components';

import { toRequestError } from '../api/errors';
import {
  CommandArguments,
  countOf,
  describeArguments,
  describePaths,
  pathsOf
} from '../command-arguments';
import { CommandIDs } from '../command-ids';
import { normalizePath } from '../common/paths';
import { printableTexts } from '../common/printable';
import { PARAMETER, linkTo, withoutParameter } from '../links/panel-links';
import { IBrowserModel, ICTADataPanel } from '../tokens';

/** URLs that open the panel at a path. */
export const linksPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:links',
  description:
    'Opens the panel where an address says, and copies such addresses.',
  autoStart: true,
  requires: [ICTADataPanel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    panel: ICTADataPanel,
    translator: ITranslator | null
  ) => {
    const { model } = panel;
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    app.commands.addCommand(CommandIDs.copyLink, {
      label: trans.__('Copy Link'),
      caption: trans.__(
        'Copy a link that opens the panel at the selected file or folder, or at the current one'
      ),
      icon: linkIcon,
      describedBy: describeArguments({ paths: describePaths(trans) }),
      isEnabled: args => countOf(args, model) < 2,
      execute: args =>
        Clipboard.copyToSystem(
          linkTo(pathToLink(args, model), {
            baseUrl: app.serviceManager.serverSettings.baseUrl,
            hubHost: PageConfig.getOption('hubHost'),
            hubPrefix: PageConfig.getOption('hubPrefix'),
            page: PageConfig.getOption('notebookPage') ? 'tree' : 'lab'
          })
        )
    });
    model.changed.connect(() =>
      app.commands.notifyCommandChanged(CommandIDs.copyLink)
    );

    // JupyterLab may change the URL while it starts.
    const path = new URLSearchParams(window.location.search).get(PARAMETER);
    if (path !== null) {
      // Anything the user has done in the page takes precedence over the link.
      void show(model, path);
      void app.restored.then(async () => {
        const { href } = window.location;
        window.history.replaceState(
          window.history.state,
          '',
          withoutParameter(href)
        );
        await app.commands.execute(CommandIDs.openPanel);
        // Notebook 7 hides its sidebar whenever a widget is added.
        if (!panel.isVisible) {
          await app.commands.execute(CommandIDs.openPanel);
        }
      });
    }
  }
};

/** The path that was given, or the one that is selected, or the one that is shown. */
function pathToLink(args: CommandArguments, model: IBrowserModel): string {
  const [path] = pathsOf(args) ?? [model.rows.selected.entries[0]?.path];
  return path ?? model.path;
}

/** Open a path; the panel shows an error if it fails. */
async function show(model: IBrowserModel, path: string): Promise<void> {
  try {
    await model.open(path);
  } catch (error) {
    const { code } = toRequestError(error);
    if (code !== 'superseded' && code !== 'cancelled') {
      await model.cd(normalizePath(path));
    }
  }
}
