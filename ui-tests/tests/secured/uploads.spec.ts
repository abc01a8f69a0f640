import { expect } from '@playwright/test';
import { execFileSync } from 'child_process';
import * as fs from 'fs';

import { test } from '../fresh';
import { CTADataPanel, logIn, storagePath } from '../panel';

const OWN = 'lst/users/alice';
const FOLDER = 'lst/some-data-dir';
const NOTICE =
  'Files uploaded here can be read by all CTAO members and all platform users.';

test.describe('with token and XSRF check', () => {
  let panel: CTADataPanel;
  let addresses: string[];

  test.beforeEach(async ({ page }) => {
    addresses = [];
    page.context().on('request', request => {
      addresses.push(request.url(), request.headers().referer ?? '');
    });
    page.on('websocket', socket => addresses.push(socket.url()));
    await logIn(page);
    panel = new CTADataPanel(page);
    await panel.show();
  });

  /** Of the page's addresses none tells how to get in. */
  test.afterEach(async ({ page, baseURL }) => {
    const { CTADATA_UI_TOKEN, CTADATA_UI_STORAGE_TOKEN } = process.env;
    const ours = addresses.filter(url => url.startsWith(`${baseURL}ctadata/`));
    expect(ours.length).toBeGreaterThan(0);
    const told = [...addresses, page.url()].join('\n');
    expect(told).not.toContain(CTADATA_UI_TOKEN);
    expect(told).not.toContain(CTADATA_UI_STORAGE_TOKEN);
    // That of the storage never comes to the browser at all.
    expect(await page.content()).not.toContain(CTADATA_UI_STORAGE_TOKEN);
  });

  test('takes a file, and gives its path', async ({ page }, info) => {
    await page
      .context()
      .grantPermissions(['clipboard-read', 'clipboard-write']);
    const name = 'crab nebula ü.csv';
    const file = info.outputPath(name);
    fs.writeFileSync(file, 'ra,dec\n');
    await panel.open(OWN);
    const chooser = page.waitForEvent('filechooser');
    await panel.toolbarButton('Upload files').click();
    await (await chooser).setFiles(file);
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(NOTICE);
    await expect(dialog).toContainText(`${OWN}/`);
    await dialog.getByRole('button', { name: 'Upload' }).click();
    const upload = panel.transfer(name);
    await expect(upload).toHaveClass(/jp-mod-finished/);
    const stored = fs.readFileSync(storagePath(OWN, name), 'utf8');
    expect(stored).toBe('ra,dec\n');
    await upload.getByRole('button', { name: 'Copy the path of' }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toBe(`${OWN}/${name}`);
    await upload.getByRole('button', { name: /in this panel$/ }).click();
    await expect(panel.selected).toContainText(name);
    await panel.clearTransfers();

    // The cookie alone is no proof that this page asks.
    const headers = { 'Tus-Resumable': '1.0.0', 'Upload-Length': '0' };
    const bare = await page.request.post('ctadata/uploads', { headers });
    expect(bare.status()).toBe(403);
  });

  test('sends a folder to this computer as a zip', async ({ page }, info) => {
    await panel.open('lst');
    await panel.row('some-data-dir').click();
    const started = page.waitForEvent('download');
    await panel.toolbarButton('Let the browser download').click();
    const download = await started;
    addresses.push(download.url());
    expect(download.suggestedFilename()).toMatch(/some-data-dir.*\.zip$/);
    const unzipped = info.outputPath('unzipped');
    execFileSync(process.env.CTADATA_PYTHON || 'python3', [
      ...['-m', 'zipfile', '-e'],
      ...[await download.path(), unzipped]
    ]);
    const sent = fs.readFileSync(`${unzipped}/some-data-dir/README.txt`);
    const original = storagePath(FOLDER, 'README.txt');
    expect(sent.equals(fs.readFileSync(original))).toBe(true);

    // Without the proof that this page asks, nothing is sent.
    const bare = new URL(download.url());
    bare.search = '';
    expect((await page.request.get(bare.href)).status()).toBe(403);
  });

  test('searches, and opens what a link says', async ({ page }) => {
    await page.goto(`lab?cta-path=${FOLDER}`);
    await expect(panel.row('README.txt')).toBeVisible();
    await expect(page).not.toHaveURL(/cta-path/);
    await panel.filter.fill('*.csv');
    await panel.filter.press('Shift+Enter');
    const line = panel.root.locator('.jp-CTAData-searchLine');
    await expect(line).toContainText('1 found');
    await expect(panel.row('pointing.csv')).toBeVisible();
    await line.getByRole('button', { name: 'Back to the folder' }).click();
    await expect(panel.row('README.txt')).toBeVisible();
  });
});
