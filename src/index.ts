import { certificatesPlugin } from './plugins/certificates';
import { commandsPlugin } from './plugins/commands';
import { linksPlugin } from './plugins/links';
import { notebooksPlugin } from './plugins/notebooks';
import { notificationsPlugin } from './plugins/notifications';
import { panelPlugin } from './plugins/panel';
import { statusBarPlugin } from './plugins/status-bar';
import { uploadsPlugin } from './plugins/uploads';
import { viewerPlugin } from './plugins/viewer';

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
