import { TranslationBundle } from '@jupyterlab/translation';
import { folderIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Menu } from '@lumino/widgets';

import { CommandIDs } from '../../command-ids';
import { baseName, normalizePath } from '../../common/paths';
import { printable } from '../../common/printable';
import { IFavourite } from '../../common/settings';
import { IBrowserModel, ISettings } from '../../tokens';
import { ctaIcon, starIcon } from '../../ui/icons';

/** Maximum number of top-level directories in the menu. */
const MAX_ROOTS = 20;

/** Milliseconds that the menu waits for them: a menu that opens late is in the way. */
const PATIENCE = 300;

/** What the commands for places need. */
export interface IPlacesContext {
  model: IBrowserModel;
  settings: ISettings;
  /** Activate the panel. */
  show: () => void;
  /** Show an error to the user. */
  report: (error: unknown) => void;
  trans: TranslationBundle;
}

/** Whether the current directory is a favourite. */
function isFavourite({ model, settings }: IPlacesContext): boolean {
  return settings
    .get('favourites')
    .some(favourite => favourite.path === model.path);
}

/** Add the commands for places, and their menu. */
export function addPlacesMenu(
  commands: CommandRegistry,
  context: IPlacesContext
): void {
  const { model, settings, show, report, trans } = context;
  commands.addCommand(CommandIDs.goTo, {
    label: args =>
      printable(String(args.label ?? '')) ||
      trans.__('The storage’s top folder'),
    caption: args => printable(String(args.path ?? '')),
    icon: args =>
      args.path === '' ? ctaIcon : args.favourite ? starIcon : folderIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: {
            type: 'string',
            description: trans.__('The directory to show')
          },
          label: {
            type: 'string',
            description: trans.__('Its label in a menu')
          },
          favourite: {
            type: 'boolean',
            description: trans.__('Whether it is one of the favourites')
          }
        }
      }
    },
    execute: (args: ReadonlyPartialJSONObject) => {
      show();
      return model.cd(normalizePath(String(args.path ?? '')));
    }
  });
  commands.addCommand(CommandIDs.goToUploads, {
    label: trans.__('My Uploads'),
    caption: trans.__('Show the folder that your uploads go to'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      show();
      try {
        await model.goToUploads();
      } catch (error) {
        report(error);
      }
    }
  });
  commands.addCommand(CommandIDs.toggleFavourite, {
    label: () =>
      isFavourite(context)
        ? trans.__('Remove This Folder from the Favourites')
        : trans.__('Add This Folder to the Favourites'),
    isEnabled: () => model.path !== '',
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      const { path } = model;
      const remove = isFavourite(context);
      return settings
        .change('favourites', favourites => {
          const others = favourites.filter(other => other.path !== path);
          return remove ? others : [...others, { path }];
        })
        .catch(report);
    }
  });
  commands.addCommand(CommandIDs.places, {
    label: trans.__('Places'),
    caption: trans.__('Go to the storage’s top, your uploads or a favourite'),
    icon: starIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    execute: async () => {
      show();
      const button = document.activeElement ?? document.body;
      const { left, bottom } = button.getBoundingClientRect();
      const menu = await placesMenu(commands, context);
      menu.open(left, bottom);
    }
  });
}

async function placesMenu(
  commands: CommandRegistry,
  { model, settings }: IPlacesContext
): Promise<Menu> {
  const menu = new Menu({ commands });
  const goTo = (place: IFavourite, favourite: boolean) =>
    menu.addItem({
      command: CommandIDs.goTo,
      args: {
        path: place.path,
        label: place.name ?? baseName(place.path),
        favourite
      }
    });
  goTo({ path: '' }, false);
  const top = await Promise.race([
    model.lookUp(''),
    new Promise<null>(resolve => setTimeout(resolve, PATIENCE, null))
  ]);
  for (
    let index = 0;
    index < Math.min(top?.directories ?? 0, MAX_ROOTS);
    index++
  ) {
    goTo({ path: top?.name(index) ?? '' }, false);
  }
  menu.addItem({ command: CommandIDs.goToUploads });
  const favourites = settings.get('favourites');
  if (favourites.length > 0) {
    menu.addItem({ type: 'separator' });
    favourites.forEach(favourite => goTo(favourite, true));
  }
  menu.addItem({ type: 'separator' });
  menu.addItem({ command: CommandIDs.toggleFavourite });
  menu.aboutToClose.connect(() => {
    // Only after the chosen command has been executed.
    requestAnimationFrame(() => menu.dispose());
  });
  return menu;
}
