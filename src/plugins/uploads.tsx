import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  ITranslator,
  TranslationBundle,
  nullTranslator
} from '@jupyterlab/translation';
import { fileUploadIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import {
  CommandArguments,
  describeArguments,
  destinationOf,
  pathsOf
} from '../command-arguments';
import { CommandIDs } from '../command-ids';
import { baseName, parentPath } from '../common/paths';
import { printableTexts } from '../common/printable';
import { ICTADataPanel, ICTADataService } from '../tokens';
import { chooseFiles } from '../ui/choose-files';
import { createView } from '../ui/error-boundary';
import { collectChosen, collectDropped } from '../uploads/collect-files';
import { UploadsModel } from '../uploads/model';
import { watchPage } from '../uploads/page-lifecycle';
import { UploadController } from '../uploads/upload-controller';
import { DropZone } from '../uploads/view/drop-zone';
import { UploadsSection } from '../uploads/view/uploads-section';

/** Uploads into the user's home directory: by drag and drop, by button, from the file browser. */
export const uploadsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'ctadata:uploads',
  description: 'Uploads files into the user’s home directory of the storage.',
  autoStart: true,
  requires: [ICTADataService, ICTADataPanel],
  optional: [ITranslator],
  activate: (
    app: JupyterFrontEnd,
    service: ICTADataService,
    panel: ICTADataPanel,
    translator: ITranslator | null
  ) => {
    const { api, transfers, settings } = service;
    const trans = printableTexts(
      (translator ?? nullTranslator).load('ctadata')
    );
    const { model } = panel;
    const { contents } = app.serviceManager;
    const uploads = new UploadsModel(api, transfers);
    const controller = new UploadController(
      uploads,
      transfers,
      contents,
      settings,
      trans
    );

    const view = createView(uploads.changed, trans, () => (
      <UploadsSection uploads={uploads} controller={controller} trans={trans} />
    ));
    view.addClass('jp-CTAData-transfers');
    panel.addSection(view, { rank: 200 });
    panel.shown.connect(() => void uploads.start());
    let failed = false;
    model.changed.connect(() => {
      if (model.error !== null) {
        failed = true;
      } else if (failed && !model.loading) {
        failed = false;
        // Listings work again, so this request may work too, for example after delegating a certificate.
        void uploads.start();
      }
    });
    const zone = new DropZone({
      node: panel.node,
      model,
      uploads,
      isLocal: path => isLocal(contents.driveName(path)),
      onFiles: (entries, directory) => {
        void controller.fromComputer(
          withHidden => collectDropped(entries, withHidden),
          directory
        );
      },
      onPaths: (paths, directory) => {
        const local = paths.map(path => contents.localPath(path));
        void controller.fromWorkspace(local, directory);
      },
      trans
    });
    const watch = watchPage(window, uploads);
    panel.disposed.connect(() => {
      watch.dispose();
      zone.dispose();
      uploads.dispose();
    });

    transfers.ended.connect((_, { kind, target }) => {
      if (kind === 'upload') {
        // The upload may be in the current directory.
        void model.invalidate(parentPath(target));
      }
    });

    addCommands(app.commands, panel, uploads, controller, trans);
  }
};

/** Workspace paths have no drive name, except with real-time collaboration. */
function isLocal(drive: string): boolean {
  return drive === '' || drive === 'RTC';
}

function addCommands(
  commands: CommandRegistry,
  { model }: ICTADataPanel,
  uploads: UploadsModel,
  controller: UploadController,
  trans: TranslationBundle
): void {
  /** The destination, if there is one; the selected folder if the context menu was opened on it; otherwise the current one. */
  const directoryOf = (args: CommandArguments) => {
    const destination = destinationOf(args);
    if (destination !== null) {
      return destination;
    }
    const [entry, ...others] = args.selected ? model.rows.selected.entries : [];
    return entry?.type === 'directory' && others.length === 0
      ? entry.path
      : model.path;
  };
  const add = (
    id: string,
    isFolder: boolean,
    label: string,
    labelInto: (name: string) => string,
    caption: string
  ) =>
    commands.addCommand(id, {
      label: args => {
        const directory = directoryOf(args);
        return directory !== model.path
          ? labelInto(baseName(directory))
          : label;
      },
      caption,
      icon: fileUploadIcon,
      describedBy: describeArguments({
        paths: {
          type: 'array',
          items: { type: 'string' },
          description: trans.__(
            'Files and folders of the workspace to upload; without them, the user chooses some of this computer'
          )
        },
        destination: {
          type: 'string',
          description: trans.__(
            'The directory of the storage to upload into; without it, the one that is shown'
          )
        },
        selected: {
          type: 'boolean',
          description: trans.__(
            'Whether to upload into the selected folder instead of the current one'
          )
        }
      }),
      // Hidden for users without a home directory.
      isVisible: () => uploads.own !== null,
      isEnabled: () => uploads.own !== null,
      execute: async args => {
        const directory = directoryOf(args);
        const paths = pathsOf(args);
        if (paths) {
          await controller.fromWorkspace(paths, directory);
          return;
        }
        const files = await chooseFiles(isFolder ? 'folder' : 'files');
        if (files.length > 0) {
          await controller.fromComputer(
            async withHidden => collectChosen(files, withHidden),
            directory
          );
        }
      }
    });
  add(
    CommandIDs.uploadFiles,
    false,
    trans.__('Upload Files…'),
    name => trans.__('Upload Files into “%1”…', name),
    trans.__('Upload files into your home directory')
  );
  add(
    CommandIDs.uploadFolder,
    true,
    trans.__('Upload Folder…'),
    name => trans.__('Upload Folder into “%1”…', name),
    trans.__('Upload a folder into your home directory')
  );
  let own: string | null = null;
  uploads.changed.connect(() => {
    if (uploads.own !== own) {
      own = uploads.own;
      commands.notifyCommandChanged(CommandIDs.uploadFiles);
      commands.notifyCommandChanged(CommandIDs.uploadFolder);
    }
  });
}
