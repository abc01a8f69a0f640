import { notificationsPlugin } from './notify';
import { commandsPlugin, panelPlugin } from './plugin';
import { statusBarPlugin } from './statusbar';

export default [
  panelPlugin,
  commandsPlugin,
  statusBarPlugin,
  notificationsPlugin
];
