/** `make bench-panel`: how quick the panel is with many entries, beside JupyterLab's own file browser. */
const config = require('./playwright.config.js');

module.exports = {
  ...config,
  testDir: 'benchmark',
  testMatch: '*.bench.ts',
  timeout: 600_000,
  projects: config.projects
    .filter(({ name }) => name === 'open')
    .map(({ name, use }) => ({ name, use })),
  use: { ...config.use, trace: 'off', actionTimeout: 60_000 }
};
