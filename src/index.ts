import { certificatesPlugin } from './certificates/plugin';
import { viewerPlugin } from './documents/plugin';
import { linksPlugin } from './links/plugin';
import { notebooksPlugin } from './notebooks/plugin';
import { notificationsPlugin } from './transfers/notify';
import { commandsPlugin, panelPlugin } from './plugin';
import { statusBarPlugin } from './transfers/statusbar';
import { uploadsPlugin } from './uploads/plugin';

export default [
  panelPlugin,
  commandsPlugin,
  // Its line stands above the uploads: they are in the panel in this order.
  certificatesPlugin,
  viewerPlugin,
  linksPlugin,
  notebooksPlugin,
  notificationsPlugin,
  statusBarPlugin,
  uploadsPlugin
];
