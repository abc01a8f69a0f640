import { commandsPlugin, panelPlugin } from './plugin';

export default [panelPlugin, commandsPlugin];
