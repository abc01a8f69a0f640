import { IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import { randomBytes } from 'crypto';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import {
  CTADataPanel,
  killServer,
  spoil,
  storagePath,
  workspacePath
} from '../panel';

const MIB = 1024 * 1024;
// The panel asks less and less often for a server that is away.
const BACK = { timeout: 45_000 };
// Whoever waits for some progress must see it long before all of it is done.
const OFTEN = { intervals: [200] };
const FOLDER = 'cta/restart';
const FILE = 'dl0_restart.fits.fz';
const OWN = 'lst/users/alice';

// Galata would ask the server on the page's behalf, and fail while it is away.
test.use({ kernels: null, sessions: null, terminals: null });

test.describe('the Jupyter server is killed', () => {
  test.describe.configure({ timeout: 180_000 });

  let panel: CTADataPanel;

  /** Upload a new file of this machine into the user's home directory. */
  const upload = async (
    page: IJupyterLabPageFixture,
    file: string,
    bytes: Buffer
  ) => {
    fs.writeFileSync(file, bytes);
    fs.rmSync(storagePath(OWN, FILE), { force: true });
    await panel.open(OWN);
    const chooser = page.waitForEvent('filechooser');
    await panel.toolbarButton('Upload files').click();
    await (await chooser).setFiles(file);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Upload' }).click();
  };

  test.beforeEach(async ({ page }) => {
    // JupyterLab's own words about the server, which may come or not.
    await page.addLocatorHandler(
      page.getByRole('dialog').filter({ hasText: 'Server Connection Error' }),
      dialog => dialog.getByRole('button').last().click()
    );
    panel = new CTADataPanel(page);
    await panel.show();
  });

  test.afterEach(async () => {
    await spoil([]);
    await panel.clearTransfers();
  });

  test('a download is interrupted, and goes on where it was', async ({
    page,
    tmpPath
  }) => {
    const bytes = randomBytes(96 * MIB);
    fs.mkdirSync(storagePath(FOLDER));
    fs.writeFileSync(storagePath(FOLDER, FILE), bytes);
    await spoil([], 8 * MIB);
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    await panel.toolbarButton('Copy the selection').click();
    const transfer = panel.transfer(FILE);
    const bytesDone = async () => {
      const answer = await page.request.get('ctadata/transfers');
      return (await answer.json()).transfers[0]?.bytes_done ?? 0;
    };
    await expect.poll(bytesDone, OFTEN).toBeGreaterThan(24 * MIB);
    await killServer('open');
    await expect(transfer).toHaveClass(/jp-mod-interrupted/, BACK);
    await page.reload();
    await panel.show();
    await expect(transfer).toContainText('Interrupted');
    expect(fs.existsSync(workspacePath('open', tmpPath, FILE))).toBe(false);

    const seen: number[] = [];
    page.on('response', async response => {
      if (response.url().includes('/ctadata/transfers?')) {
        const { transfers } = await response.json();
        // Nothing is known as long as the journal is not read.
        if (transfers[0]?.state === 'running' && transfers[0].bytes_done > 0) {
          seen.push(transfers[0].bytes_done);
        }
      }
    });
    await spoil([], MIB);
    await transfer.getByRole('button', { name: `Resume ${FILE}` }).click();
    await expect.poll(() => new Set(seen).size).toBeGreaterThan(2);
    await spoil([]);
    await expect(transfer).toContainText(`in ${tmpPath}`);
    // The latest was not in the journal, and comes once more.
    expect(Math.min(...seen)).toBeGreaterThan(12 * MIB);
    const copied = fs.readFileSync(workspacePath('open', tmpPath, FILE));
    expect(copied.equals(bytes)).toBe(true);
    fs.rmSync(storagePath(FOLDER), { recursive: true });
  });

  test('an upload waits for it, and goes on by itself', async ({
    page
  }, info) => {
    // What galata calls a page is none to Playwright.
    const plain = panel.root.page();
    const session = await plain.context().newCDPSession(plain);
    const limit = (uploadThroughput: number) =>
      session.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput
      });
    await session.send('Network.enable');
    await limit(4 * MIB);
    const bytes = randomBytes(48 * MIB);
    await upload(page, info.outputPath(FILE), bytes);

    let offset = 0;
    const received = async () => {
      const answer = await page.request.get('ctadata/uploads');
      offset = (await answer.json()).uploads[0]?.offset ?? 0;
      return offset;
    };
    await expect.poll(received, OFTEN).toBeGreaterThan(12 * MIB);
    const offsets: number[] = [];
    page.on('request', request => {
      if (request.method() === 'PATCH') {
        offsets.push(Number(request.headers()['upload-offset']));
      }
    });
    const uploads = panel.root
      .getByRole('region', { name: 'Uploads' })
      .getByRole('listitem');
    await Promise.all([
      expect(uploads).toContainText('Waiting for the connection'),
      killServer('open')
    ]);
    await limit(-1);
    await expect(panel.transfer(FILE)).toHaveClass(/jp-mod-finished/, BACK);
    await expect(uploads).toHaveCount(0);
    expect(offsets[0]).toBeGreaterThanOrEqual(offset);
    const stored = fs.readFileSync(storagePath(OWN, FILE));
    expect(stored.equals(bytes)).toBe(true);
  });

  test('what it had received is still there, and stored when asked', async ({
    page
  }, info) => {
    const bytes = randomBytes(16 * MIB);
    await spoil([], MIB);
    await upload(page, info.outputPath(FILE), bytes);
    const transfer = panel.transfer(FILE);
    await expect(transfer).toHaveClass(/jp-mod-running/);
    await expect(transfer.getByRole('progressbar')).toHaveAttribute(
      'aria-valuenow',
      /[1-9]/
    );
    await killServer('open');
    await spoil([]);
    await expect(transfer).toHaveClass(/jp-mod-interrupted/, BACK);
    expect(fs.existsSync(storagePath(OWN, FILE))).toBe(false);
    await transfer.getByRole('button', { name: `Resume ${FILE}` }).click();
    await expect(transfer).toHaveClass(/jp-mod-finished/);
    const stored = fs.readFileSync(storagePath(OWN, FILE));
    expect(stored.equals(bytes)).toBe(true);
  });
});
