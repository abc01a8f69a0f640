import { drivePlugin } from './documents';
import { linksPlugin } from './links';
import { notebooksPlugin } from './notebooks';
import { commandsPlugin, panelPlugin } from './plugin';

export default [
  panelPlugin,
  commandsPlugin,
  drivePlugin,
  linksPlugin,
  notebooksPlugin
];
