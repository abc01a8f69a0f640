import { panelPlugin } from './plugin';

export default [panelPlugin];
