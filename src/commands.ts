import { Clipboard, ICommandPalette, InputDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import {
  caretLeftIcon,
  caretRightIcon,
  copyIcon,
  downloadIcon,
  editIcon,
  filterIcon,
  refreshIcon,
  searchIcon
} from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';

import { toRequestError } from './api/errors';
import { explainBriefly } from './api/explain';
import { IEntry } from './api/types';
import { addPlacesMenu } from './browser/view/places-menu';
import { selectByPattern } from './browser/view/select-by-pattern';
import {
  CommandArguments,
  countOf,
  describeArguments,
  describePaths,
  destinationOf,
  entriesOf,
  pathsOf
} from './command-arguments';
import { CommandIDs } from './command-ids';
import { COLUMNS, Column, columnLabels } from './common/columns';
import { normalizePath } from './common/paths';
import { downloadToComputer } from './downloads/download-to-computer';
import { cellCode } from './notebooks/python-cells';
import { ICTADataPanel, ICTADataService, ICTADataViewer } from './tokens';
import { ctaIcon, toWorkspaceIcon } from './ui/icons';
import { Notifier } from './ui/notify';

/** What the commands need. */
export interface ICommandContext {
  service: ICTADataService;
  panel: ICTADataPanel;
  viewer: ICTADataViewer | null;
  /** Activate the panel. */
  show: () => void;
  notifier: Notifier;
  trans: TranslationBundle;
}

/** Commands whose state depends on the listing and the selection. */
const FOLLOWING = [
  CommandIDs.copyAsPython,
  CommandIDs.copyPath,
  CommandIDs.downloadTo,
  CommandIDs.downloadToComputer,
  CommandIDs.downloadToWorkspace,
  CommandIDs.goBack,
  CommandIDs.goForward,
  CommandIDs.goUp,
  CommandIDs.open,
  CommandIDs.reveal,
  CommandIDs.toggleFavourite
];

/** Commands without arguments. */
const NO_ARGS = describeArguments();

/** Commands that need arguments; instead of the menu of places, the palette has "Go to Path". */
const NOT_IN_PALETTE: readonly string[] = [
  CommandIDs.goTo,
  CommandIDs.restorePreview,
  CommandIDs.toggleColumn
];

/** Add all commands, and keep their state up to date. */
export function addCommands(
  commands: CommandRegistry,
  context: ICommandContext
): void {
  addNavigation(commands, context);
  addDownloads(commands, context);
  addCopying(commands, context);
  addPlacesMenu(commands, {
    model: context.panel.model,
    settings: context.service.settings,
    show: context.show,
    report: error => context.notifier.report(error),
    trans: context.trans
  });
  const { model } = context.panel;
  let selected = model.rows.selected;
  let path = model.path;
  model.changed.connect(() => {
    if (model.rows.selected !== selected || model.path !== path) {
      selected = model.rows.selected;
      path = model.path;
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
  const category = trans.__('CTA data');
  for (const command of Object.values(CommandIDs)) {
    if (!NOT_IN_PALETTE.includes(command)) {
      palette.addItem({ command, category });
    }
  }
  const command = CommandIDs.toggleColumn;
  for (const column of COLUMNS.filter(name => name !== 'name')) {
    palette.addItem({ command, category, args: { column, isPalette: true } });
  }
}

function addNavigation(
  commands: CommandRegistry,
  context: ICommandContext
): void {
  const { service, panel, show, notifier, trans } = context;
  const { model } = panel;
  const { rows } = model;
  commands.addCommand(CommandIDs.openPanel, {
    label: trans.__('Show CTA Data'),
    caption: trans.__('Show the panel that browses the data of CTA'),
    icon: ctaIcon,
    describedBy: describeArguments({
      path: {
        type: 'string',
        description: trans.__('The directory to show')
      }
    }),
    execute: async args => {
      show();
      if (typeof args.path === 'string') {
        await model.cd(normalizePath(args.path));
      }
    }
  });
  commands.addCommand(CommandIDs.open, {
    label: trans.__('Open'),
    caption: trans.__('Open the selected file or folder, or download it'),
    describedBy: describeArguments({ paths: describePaths(trans) }),
    isEnabled: args => countOf(args, model) > 0,
    execute: args =>
      notifier.attempt(async () => {
        const entries = await entriesOf(args, model, service.api);
        if (entries.length === 1 && entries[0].type === 'directory') {
          if (pathsOf(args)) {
            show();
          }
          await model.cd(entries[0].path);
        } else if (entries.length > 0) {
          await openFiles(entries, context);
        }
      })
  });
  commands.addCommand(CommandIDs.goUp, {
    label: trans.__('Go Up'),
    caption: trans.__('Show the folder that contains this one'),
    describedBy: NO_ARGS,
    isEnabled: () => model.path !== '',
    execute: () => model.goUp()
  });
  commands.addCommand(CommandIDs.goBack, {
    label: trans.__('Back'),
    caption: trans.__('Show the previous folder'),
    icon: caretLeftIcon,
    describedBy: NO_ARGS,
    isEnabled: () => model.canGoBack,
    execute: () => model.goBack()
  });
  commands.addCommand(CommandIDs.goForward, {
    label: trans.__('Forward'),
    caption: trans.__('Return to the folder shown before going back'),
    icon: caretRightIcon,
    describedBy: NO_ARGS,
    isEnabled: () => model.canGoForward,
    execute: () => model.goForward()
  });
  commands.addCommand(CommandIDs.reveal, {
    label: trans.__('Show in Its Folder'),
    caption: trans.__('Show the folder that contains the search result'),
    describedBy: describeArguments({ paths: describePaths(trans) }),
    isVisible: args => pathsOf(args) !== null || model.search !== null,
    isEnabled: args => countOf(args, model) === 1,
    execute: args => {
      const [path] = pathsOf(args) ?? [rows.selected.entries[0].path];
      return model.reveal(path);
    }
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh'),
    caption: trans.__('Reload this folder from the data service'),
    icon: refreshIcon,
    describedBy: NO_ARGS,
    execute: () =>
      model.search ? model.startSearch(model.search.pattern) : model.refresh()
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
  commands.addCommand(CommandIDs.search, {
    label: trans.__('Search in All Folders Below…'),
    caption: trans.__(
      'Search for names in this folder and all folders below it'
    ),
    icon: searchIcon,
    describedBy: NO_ARGS,
    execute: async () => {
      show();
      const { path } = model;
      const { button, value } = await InputDialog.getText({
        title: trans.__('Search below %1', path || '/'),
        label: trans.__('Part of a name, or a pattern with * and ?'),
        okLabel: trans.__('Search'),
        text: rows.filter
      });
      if (button.accept && value?.trim()) {
        if (model.path !== path) {
          // Search the directory that was shown when the dialog was opened.
          void model.cd(path);
        }
        model.startSearch(value.trim());
      }
    }
  });
  commands.addCommand(CommandIDs.toggleColumn, {
    label: args => {
      const column = columnLabels(trans)[args.column as Column];
      return args.isPalette ? trans.__('Show Column “%1”', column) : column;
    },
    describedBy: describeArguments({
      column: {
        enum: COLUMNS.filter(column => column !== 'name'),
        description: trans.__('The column to show or hide')
      },
      isPalette: {
        type: 'boolean',
        description: trans.__('Whether the label stands alone')
      }
    }),
    isToggled: args =>
      service.settings.get('columns').includes(args.column as Column),
    execute: args => {
      const column = args.column as Column;
      return notifier.attempt(() =>
        service.settings.change('columns', shown =>
          shown.includes(column)
            ? shown.filter(other => other !== column)
            : [...shown, column]
        )
      );
    }
  });
  commands.addCommand(CommandIDs.selectAll, {
    label: trans.__('Select All Files'),
    describedBy: NO_ARGS,
    execute: () => rows.selectAll()
  });
  commands.addCommand(CommandIDs.selectByPattern, {
    label: trans.__('Select by Pattern…'),
    caption: trans.__('Select the files whose names match a pattern'),
    describedBy: NO_ARGS,
    isEnabled: () => rows.length > 0,
    execute: () => selectByPattern(rows, trans)
  });
}

/** Preview a file; if that is impossible, say why and offer to download it. */
async function openFiles(
  entries: readonly IEntry[],
  { service, panel, viewer, notifier, trans }: ICommandContext
): Promise<void> {
  const { downloads } = panel;
  let reason = '';
  if (entries.length === 1 && viewer) {
    try {
      return await viewer.open(entries[0]);
    } catch (thrown) {
      const error = toRequestError(thrown);
      if (error.code !== 'too-large' && error.code !== 'no-viewer') {
        notifier.report(error);
        return;
      }
      reason = explainBriefly(error, trans);
    }
  }
  await downloads.confirm(entries, service.workspace.folder, reason);
}

function addDownloads(
  commands: CommandRegistry,
  { service, panel, notifier, trans }: ICommandContext
): void {
  const { model, downloads } = panel;
  const { api, workspace } = service;
  const isEnabled = (args: CommandArguments) => countOf(args, model) > 0;
  const describedBy = describeArguments({
    paths: describePaths(trans),
    destination: {
      type: 'string',
      description: trans.__(
        'A folder of the workspace, relative to its top; without it, the one that the file browser shows'
      )
    }
  });
  commands.addCommand(CommandIDs.downloadToWorkspace, {
    label: trans.__('Download to Workspace'),
    caption: trans.__(
      'Copy the selection into the folder that the file browser shows'
    ),
    icon: toWorkspaceIcon,
    describedBy,
    isEnabled,
    execute: args =>
      notifier.attempt(async () =>
        downloads.toWorkspace(
          await entriesOf(args, model, api),
          destinationOf(args) ?? workspace.folder
        )
      )
  });
  commands.addCommand(CommandIDs.downloadTo, {
    label: trans.__('Download to…'),
    caption: trans.__('Choose the folder that the selection is copied into'),
    icon: toWorkspaceIcon,
    describedBy,
    isEnabled,
    execute: args =>
      notifier.attempt(async () =>
        downloads.confirm(
          await entriesOf(args, model, api),
          destinationOf(args) ?? workspace.chosen
        )
      )
  });
  commands.addCommand(CommandIDs.downloadToComputer, {
    label: trans.__('Download to This Computer'),
    caption: trans.__(
      'Let the browser download the selection; several files or a folder as a zip'
    ),
    icon: downloadIcon,
    describedBy: describeArguments({ paths: describePaths(trans) }),
    isEnabled,
    execute: args =>
      notifier.attempt(async () =>
        downloadToComputer(api, await entriesOf(args, model, api), trans)
      )
  });
}

function addCopying(
  commands: CommandRegistry,
  { service, panel, notifier, trans }: ICommandContext
): void {
  const { model } = panel;
  const describedBy = describeArguments({ paths: describePaths(trans) });
  const isEnabled = (args: CommandArguments) => countOf(args, model) > 0;
  commands.addCommand(CommandIDs.copyPath, {
    label: trans.__('Copy Path'),
    caption: trans.__('Copy the storage paths, one per line'),
    icon: copyIcon,
    describedBy,
    isEnabled,
    execute: args => {
      const paths =
        pathsOf(args) ?? model.rows.selected.entries.map(({ path }) => path);
      Clipboard.copyToSystem(paths.join('\n'));
    }
  });
  commands.addCommand(CommandIDs.copyAsPython, {
    label: trans.__('Copy as Python'),
    caption: trans.__(
      'Copy a notebook cell that downloads and opens the selection'
    ),
    icon: copyIcon,
    describedBy,
    isEnabled,
    execute: args =>
      notifier.attempt(async () => {
        const entries = await entriesOf(args, model, service.api);
        Clipboard.copyToSystem(cellCode(entries));
      })
  });
}
