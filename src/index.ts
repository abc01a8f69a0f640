import { drivePlugin } from './documents';
import { linksPlugin } from './links';
import { notebooksPlugin } from './notebooks';
import { notificationsPlugin } from './notify';
import { commandsPlugin, panelPlugin } from './plugin';
import { statusBarPlugin } from './statusbar';
import { uploadsPlugin } from './uploads-plugin';

export default [
  panelPlugin,
  commandsPlugin,
  drivePlugin,
  linksPlugin,
  notebooksPlugin,
  notificationsPlugin,
  statusBarPlugin,
  uploadsPlugin
];
