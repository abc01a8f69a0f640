import { certificatesPlugin } from './plugins/certificates';
import { viewerPlugin } from './plugins/viewer';
import { linksPlugin } from './plugins/links';
import { notebooksPlugin } from './plugins/notebooks';
import { notificationsPlugin } from './plugins/notifications';
import { commandsPlugin, panelPlugin } from './plugins/panel';
import { statusBarPlugin } from './plugins/status-bar';
import { uploadsPlugin } from './plugins/uploads';

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
