import { IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import { execFileSync } from 'child_process';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import {
  CTADataPanel,
  HUGE_FILE,
  HUGE_FOLDER,
  service,
  storagePath,
  workspacePath
} from '../panel';

const FOLDER = 'cta/DL1/20241114/v0.1';
const FILE = 'dl1_LST-1.Run11111.0100.h5';

test.describe('downloads', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
  });

  test.afterEach(async () => {
    await panel.show();
    await panel.clearTransfers();
  });

  test('copies files into the folder of the file browser', async ({
    page,
    tmpPath
  }) => {
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    await panel.toolbarButton('Copy the selection').click();
    await expect(panel.transfer(FILE)).toContainText(`in ${tmpPath}`);
    const bytes = fs.readFileSync(workspacePath('open', tmpPath, FILE));
    expect(bytes.equals(fs.readFileSync(storagePath(FOLDER, FILE)))).toBe(true);
    await page.sidebar.openTab('filebrowser');
    await expect(
      page.locator('.jp-DirListing-item', { hasText: FILE })
    ).toBeVisible();
  });

  test('asks before it replaces anything', async ({ page, tmpPath }) => {
    const target = workspacePath('open', tmpPath, 'README.txt');
    fs.writeFileSync(target, 'mine');
    await panel.open('lst/some-data-dir');
    await panel.row('README.txt').click();
    await panel.toolbarButton('Copy the selection').click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('README.txt');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
    expect(fs.readFileSync(target, 'utf8')).toBe('mine');

    await panel.toolbarButton('Copy the selection').click();
    await dialog.getByRole('button', { name: 'Replace' }).click();
    await expect(panel.transfer('README.txt')).toContainText(`in ${tmpPath}`);
    expect(fs.readFileSync(target, 'utf8')).toContain('Any directory');
  });

  test('copies whole folders, and asks when one is opened by mistake', async ({
    page,
    tmpPath
  }) => {
    await panel.open('lst');
    await panel.row('some-data-dir').click();
    await panel.menuItem('Download to Workspace');
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(/Total: .* in 3 files/);
    await dialog.getByRole('button', { name: 'Download' }).click();
    await expect(panel.transfer('some-data-dir')).toContainText('3 files');
    const copied = workspacePath(
      'open',
      tmpPath,
      'some-data-dir/nested/pointing.csv'
    );
    expect(fs.readFileSync(copied, 'utf8')).toContain('alt,az');

    await panel.open(FOLDER);
    await panel.row(FILE).dblclick();
    await expect(dialog).toContainText('Download to the workspace?');
    await dialog.getByRole('button', { name: 'Download' }).click();
    await expect(panel.transfer(FILE)).toContainText(`in ${tmpPath}`);
  });

  test('shows progress, also after a reload, and cancels', async ({
    page,
    tmpPath
  }) => {
    await panel.open(HUGE_FOLDER);
    await panel.row(HUGE_FILE).click();
    await panel.downloadLarge();
    const huge = panel.transfer(HUGE_FILE);
    await expect(huge).toContainText('of 4.0 GB');
    await page.reload();
    await panel.show();
    await expect(huge.getByRole('progressbar')).toHaveAttribute(
      'aria-valuenow',
      /[1-9]/
    );
    await huge.getByRole('button', { name: `Cancel ${HUGE_FILE}` }).click();
    await expect(huge).toContainText('Cancelled');
    expect(fs.existsSync(workspacePath('open', tmpPath, HUGE_FILE))).toBe(
      false
    );
  });

  test('says what went wrong, and tries again', async ({ page, tmpPath }) => {
    const blocked = storagePath('cta/empty/blocked.txt');
    fs.writeFileSync(blocked, 'here');
    await panel.open('cta/empty');
    await panel.row('blocked.txt').click();
    fs.rmSync(blocked);
    await panel.toolbarButton('Copy the selection').click();
    const notice = page.locator('.Toastify__toast--error');
    const transfer = panel.transfer('blocked.txt');
    await expect(notice.or(transfer)).toContainText('cta/empty/blocked.txt');
    await expect(transfer).toHaveClass(/jp-mod-failed/);
    fs.writeFileSync(blocked, 'here');
    await transfer
      .getByRole('button', { name: 'Try blocked.txt again' })
      .click();
    await expect(transfer.filter({ hasText: `in ${tmpPath}` })).toBeVisible();
    await expect(transfer).toHaveCount(1);
    fs.rmSync(blocked);
  });

  test('sends files to this computer', async ({ page }) => {
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    const started = page.waitForEvent('download');
    await panel.toolbarButton('Let the browser download').click();
    const download = await started;
    expect(download.suggestedFilename()).toBe(FILE);
    const bytes = fs.readFileSync(await download.path());
    expect(bytes.equals(fs.readFileSync(storagePath(FOLDER, FILE)))).toBe(true);
  });

  test('shows the whole of a long error behind "Details"', async ({ page }) => {
    const name = `${'long-'.repeat(40)}.txt`;
    const blocked = storagePath('cta/empty', name);
    fs.writeFileSync(blocked, 'here');
    await panel.open('cta/empty');
    await panel.row(name).click();
    fs.rmSync(blocked);
    await panel.toolbarButton('Let the browser download').click();
    const notice = page.locator('.Toastify__toast--error');
    await expect(notice).toContainText('Not found');
    await notice.getByRole('button', { name: 'Details' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(`cta/empty/${name}`);
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect(dialog).toHaveCount(0);
  });

  test('sends folders and files to this computer as a zip', async ({
    page
  }, testInfo) => {
    await panel.open('lst');
    await panel.row('some-data-dir').click();
    const started = page.waitForEvent('download');
    await panel.toolbarButton('Let the browser download').click();
    const download = await started;
    await expect(page.locator('.Toastify__toast--success')).toContainText(
      '3 files'
    );
    expect(download.suggestedFilename()).toMatch(/some-data-dir.*\.zip$/);
    const unzipped = testInfo.outputPath('unzipped');
    execFileSync(process.env.CTADATA_PYTHON || 'python3', [
      ...['-m', 'zipfile', '-e'],
      ...[await download.path(), unzipped]
    ]);
    for (const name of ['README.txt', 'nested/pointing.csv']) {
      const sent = fs.readFileSync(`${unzipped}/some-data-dir/${name}`);
      const original = storagePath('lst/some-data-dir', name);
      expect(sent.equals(fs.readFileSync(original))).toBe(true);
    }
  });

  test('tries again after the service was away, and keeps the list', async ({
    page,
    tmpPath
  }) => {
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    await service('stop');
    const transfer = panel.transfer(FILE);
    try {
      await panel.toolbarButton('Copy the selection').click();
      await expect(transfer).toHaveClass(/jp-mod-failed/, { timeout: 45_000 });
    } finally {
      await service('start');
    }
    await page.reload();
    await panel.show();
    await expect(transfer).toHaveClass(/jp-mod-failed/);
    await transfer.getByRole('button', { name: `Try ${FILE} again` }).click();
    await expect(transfer).toContainText(`in ${tmpPath}`);
    await expect(transfer).toHaveCount(1);
  });

  test('shows what has come in the file browser', async ({ page, tmpPath }) => {
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    await panel.toolbarButton('Copy the selection').click();
    const transfer = panel.transfer(FILE);
    await expect(transfer).toContainText(`in ${tmpPath}`);
    await page.sidebar.openTab('filebrowser');
    await page.filebrowser.openHomeDirectory();
    await panel.show();
    await transfer
      .getByRole('button', { name: `Show ${FILE} in the file browser` })
      .click();
    await expect(
      page.locator('.jp-DirListing-item.jp-mod-selected', { hasText: FILE })
    ).toBeVisible();
  });

  test('remembers that only the header is shown', async ({ page, tmpPath }) => {
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    await panel.toolbarButton('Copy the selection').click();
    await expect(panel.transfer(FILE)).toContainText(`in ${tmpPath}`);
    const header = panel.root.getByRole('button', {
      name: 'Transfers',
      exact: true
    });
    const saved = page.waitForRequest(
      request =>
        request.method() === 'PUT' &&
        request.url().includes('/api/workspaces/') &&
        (request.postData() ?? '').includes('ctadata-panel:collapsed')
    );
    await header.press('Enter');
    await expect(header).toHaveAttribute('aria-expanded', 'false');
    await expect(panel.transfers).toHaveCount(0);
    await saved;
    await page.reload();
    await panel.show();
    await expect(header).toHaveAttribute('aria-expanded', 'false');
    await header.press('Enter');
    await expect(panel.transfer(FILE)).toBeVisible();
  });

  test('copies paths and Python', async ({ page }) => {
    const copied = (page: IJupyterLabPageFixture) =>
      page.evaluate(() => navigator.clipboard.readText());
    await page
      .context()
      .grantPermissions(['clipboard-read', 'clipboard-write']);
    await panel.open('cta/odd names');
    await panel.row('folder #1').click();
    await panel.row('quote\'s "end".txt').click({
      modifiers: ['ControlOrMeta']
    });
    await page.keyboard.press('ControlOrMeta+c');
    expect(await copied(page)).toBe(
      'cta/odd names/folder #1\ncta/odd names/quote\'s "end".txt'
    );
    await panel.menuItem('Copy as Python');
    expect(await copied(page)).toBe(
      [
        'from pathlib import Path',
        '',
        'import ctadata',
        '',
        'folder = "cta/odd names/folder #1"',
        'ctadata.fetch_and_save_file_or_dir(folder, recursive=True)',
        'contents = sorted(path for path in Path(folder).rglob("*") if path.is_file())',
        'contents',
        '[path] = ctadata.fetch_many(["cta/odd names/quote\'s \\"end\\".txt"])',
        'text = path.read_text(encoding="utf-8", errors="replace")',
        'print(text[:2000])'
      ].join('\n')
    );
  });
});
