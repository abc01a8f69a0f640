import { certificatesPlugin } from './plugins/certificates';
import { commandsPlugin } from './plugins/commands';
import { linksPlugin } from './plugins/links';
import { notebooksPlugin } from './plugins/notebooks';
import { notificationsPlugin } from './plugins/notifications';
import { panelPlugin } from './plugins/panel';
import { servicePlugin } from './plugins/service';
import { statusBarPlugin } from './plugins/status-bar';
import { uploadsPlugin } from './plugins/uploads';
import { viewerPlugin } from './plugins/viewer';

export type {
  IArchive,
  IEntry,
  IFailure,
  ILocalFolder,
  IReceived,
  ISearchLine,
  IStatus,
  ITotals,
  ITransfer
} from './api/types';
export { type IDirectory, isDirectory } from './api/directory';
export { CommandIDs } from './command-ids';
export type { IPanelSettings } from './common/settings';
export * from './tokens';

export default [
  servicePlugin,
  panelPlugin,
  commandsPlugin,
  viewerPlugin,
  linksPlugin,
  notebooksPlugin,
  notificationsPlugin,
  statusBarPlugin,
  uploadsPlugin,
  certificatesPlugin
];
