import { Clipboard, ICommandPalette } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  copyIcon,
  downloadIcon,
  editIcon,
  filterIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import { downloadToComputer } from './computer';
import { ctaIcon, toWorkspaceIcon } from './icons';
import { normalizePath } from './paths';
import { downloadCode } from './python';
import { CommandIDs, ICTADataPanel } from './tokens';

/** What the commands act on. */
export interface ICommandContext {
  panel: ICTADataPanel;
  /** Bring the panel to the front. */
  show: () => void;
  trans: TranslationBundle;
}

/** The commands that are enabled or not, depending on what is shown and selected. */
const FOLLOWING = [
  CommandIDs.copyAsPython,
  CommandIDs.copyPath,
  CommandIDs.downloadTo,
  CommandIDs.downloadToComputer,
  CommandIDs.downloadToWorkspace,
  CommandIDs.goUp,
  CommandIDs.open
];

/** Commands without arguments. */
const NO_ARGS = { args: { type: 'object', properties: {} } } as const;

/** Add all commands, and let those follow the selection that depend on it. */
export function addCommands(
  commands: CommandRegistry,
  context: ICommandContext
): void {
  addNavigation(commands, context);
  addDownloads(commands, context);
  addCopying(commands, context);
  let selection = '';
  context.panel.model.changed.connect(({ selectedEntries, path }) => {
    const now = [path, ...selectedEntries.map(entry => entry.name)].join('/');
    if (now !== selection) {
      selection = now;
      for (const command of FOLLOWING) {
        commands.notifyCommandChanged(command);
      }
    }
  });
}

/** List the commands in the palette. */
export function addToPalette(
  palette: ICommandPalette,
  trans: TranslationBundle
): void {
  for (const command of Object.values(CommandIDs)) {
    palette.addItem({ command, category: trans.__('CTA data') });
  }
}

function addNavigation(
  commands: CommandRegistry,
  { panel, show, trans }: ICommandContext
): void {
  const { model, downloads } = panel;
  commands.addCommand(CommandIDs.openPanel, {
    label: trans.__('Show CTA Data'),
    caption: trans.__('Show the panel that browses the data of CTA'),
    icon: ctaIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: {
            type: 'string',
            description: trans.__('The directory to show')
          }
        }
      }
    },
    execute: async (args: ReadonlyPartialJSONObject) => {
      show();
      if (typeof args.path === 'string') {
        await model.cd(normalizePath(args.path));
      }
    }
  });
  commands.addCommand(CommandIDs.open, {
    label: trans.__('Open'),
    caption: trans.__('Open the selected folder, or download the selection'),
    describedBy: NO_ARGS,
    isEnabled: () => model.selection.size > 0,
    execute: async () => {
      const entries = model.selectedEntries;
      if (entries.length === 1 && entries[0].type === 'directory') {
        await model.cd(entries[0].path);
      } else if (entries.length > 0) {
        await downloads.confirm(entries, downloads.workspace.folder);
      }
    }
  });
  commands.addCommand(CommandIDs.goUp, {
    label: trans.__('Go Up'),
    caption: trans.__('Show the folder that contains this one'),
    describedBy: NO_ARGS,
    isEnabled: () => model.path !== '',
    execute: () => model.goUp()
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh'),
    caption: trans.__('Ask the data service again what is in this folder'),
    icon: refreshIcon,
    describedBy: NO_ARGS,
    execute: () => model.refresh()
  });
  commands.addCommand(CommandIDs.editPath, {
    label: trans.__('Go to Path…'),
    caption: trans.__('Type the path of a folder'),
    icon: editIcon,
    describedBy: NO_ARGS,
    execute: () => {
      show();
      model.editing = true;
    }
  });
  commands.addCommand(CommandIDs.filter, {
    label: trans.__('Filter by Name'),
    caption: trans.__('Show only the names that match'),
    icon: filterIcon,
    describedBy: NO_ARGS,
    execute: () => {
      show();
      panel.focusFilter();
    }
  });
  commands.addCommand(CommandIDs.selectAll, {
    label: trans.__('Select All Files'),
    describedBy: NO_ARGS,
    execute: () => model.changeSelection(selection => selection.selectAll())
  });
}

function addDownloads(
  commands: CommandRegistry,
  { panel, trans }: ICommandContext
): void {
  const { model, downloads } = panel;
  commands.addCommand(CommandIDs.downloadToWorkspace, {
    label: trans.__('Download to Workspace'),
    caption: trans.__(
      'Copy the selection into the folder that the file browser shows'
    ),
    icon: toWorkspaceIcon,
    describedBy: NO_ARGS,
    isEnabled: () => model.selection.size > 0,
    execute: () =>
      downloads.toWorkspace(model.selectedEntries, downloads.workspace.folder)
  });
  commands.addCommand(CommandIDs.downloadTo, {
    label: trans.__('Download to…'),
    caption: trans.__('Choose the folder that the selection is copied into'),
    icon: toWorkspaceIcon,
    describedBy: NO_ARGS,
    isEnabled: () => model.selection.size > 0,
    execute: () =>
      downloads.confirm(model.selectedEntries, downloads.workspace.chosen)
  });
  commands.addCommand(CommandIDs.downloadToComputer, {
    label: trans.__('Download to This Computer'),
    caption: trans.__(
      'Let the browser download the selection; several files or a folder as a zip'
    ),
    icon: downloadIcon,
    describedBy: NO_ARGS,
    isEnabled: () => model.selection.size > 0,
    execute: () => downloadToComputer(model.api, model.selectedEntries, trans)
  });
}

function addCopying(
  commands: CommandRegistry,
  { panel, trans }: ICommandContext
): void {
  const { model } = panel;
  commands.addCommand(CommandIDs.copyPath, {
    label: trans.__('Copy Path'),
    caption: trans.__('Copy the paths in the storage, one a line'),
    icon: copyIcon,
    describedBy: NO_ARGS,
    isEnabled: () => model.selection.size > 0,
    execute: () =>
      Clipboard.copyToSystem(
        model.selectedEntries.map(entry => entry.path).join('\n')
      )
  });
  commands.addCommand(CommandIDs.copyAsPython, {
    label: trans.__('Copy as Python'),
    caption: trans.__('Copy a notebook cell that downloads the selection'),
    icon: copyIcon,
    describedBy: NO_ARGS,
    isEnabled: () => model.selection.size > 0,
    execute: () => Clipboard.copyToSystem(downloadCode(model.selectedEntries))
  });
}
