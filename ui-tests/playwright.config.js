const { execFileSync } = require('child_process');
const { randomBytes } = require('crypto');
const os = require('os');
const path = require('path');

const galata = require('@jupyterlab/galata/lib/playwright-config');

// Playwright reads this file again in each worker: what is chosen here is handed on.
const { env } = process;
env.CTADATA_UI_ROOT ??= path.join(
  os.tmpdir(),
  `ctadata-ui-${randomBytes(8).toString('hex')}`
);
env.CTADATA_UI_TOKEN ??= randomBytes(24).toString('hex');
env.CTADATA_UI_STORAGE_TOKEN ??= randomBytes(24).toString('hex');
if (!env.CTADATA_UI_CONTROL) {
  [
    env.CTADATA_UI_CONTROL,
    env.CTADATA_UI_SERVICE,
    env.CTADATA_UI_OPEN,
    env.CTADATA_UI_SECURED,
    env.CTADATA_UI_TOKENLESS
  ] = freePorts(5);
}

/** Ports of this machine that nobody listens at. */
function freePorts(count) {
  const script = `
    const net = require('net');
    const servers = Array.from({ length: ${count} }, () => net.createServer());
    let waiting = ${count};
    for (const server of servers) {
      server.listen(0, '127.0.0.1', () => {
        if (--waiting === 0) {
          console.log(servers.map(s => s.address().port).join());
          servers.forEach(s => s.close());
        }
      });
    }`;
  const output = execFileSync(process.execPath, ['-e', script]);
  return output.toString().trim().split(',');
}

function project(name, port, base = '') {
  return {
    name,
    testMatch: `${name}/*.spec.ts`,
    use: { baseURL: `http://127.0.0.1:${port}${base}` }
  };
}

module.exports = {
  ...galata,
  testDir: 'tests',
  globalTeardown: require.resolve('./scan-logs.js'),
  // The tests share one data service, which some of them stop.
  workers: 1,
  forbidOnly: true,
  retries: 0,
  // A busy machine takes long to load a page; nobody waits for what is there.
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [['list']],
  use: {
    ...galata.use,
    video: 'off',
    trace: 'retain-on-failure',
    launchOptions: {
      // find-chromium says which; without it: Playwright's own.
      executablePath: env.CTADATA_CHROMIUM || undefined,
      args: [
        '--no-sandbox',
        '--disable-quic',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--no-first-run'
      ]
    }
  },
  projects: [
    project('open', env.CTADATA_UI_OPEN),
    project('secured', env.CTADATA_UI_SECURED, '/user/ada/'),
    project('tokenless', env.CTADATA_UI_TOKENLESS)
  ],
  webServer: {
    command: `${env.CTADATA_PYTHON || 'python3'} servers.py`,
    url: `http://127.0.0.1:${env.CTADATA_UI_CONTROL}/`,
    timeout: 120_000,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 20_000 },
    stderr: env.CTADATA_UI_LOG ? 'pipe' : 'ignore'
  }
};
