import { drivePlugin } from './documents/plugin';
import { linksPlugin } from './links/plugin';
import { notebooksPlugin } from './notebooks/plugin';
import { notificationsPlugin } from './transfers/notify';
import { commandsPlugin, panelPlugin } from './plugin';
import { statusBarPlugin } from './transfers/statusbar';
import { uploadsPlugin } from './uploads/plugin';

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
