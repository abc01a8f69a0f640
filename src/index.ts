import { commandsPlugin, panelPlugin } from './plugin';
import { uploadsPlugin } from './uploads-plugin';

export default [panelPlugin, commandsPlugin, uploadsPlugin];
