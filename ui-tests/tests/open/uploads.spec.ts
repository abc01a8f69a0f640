import { IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import * as fs from 'fs';
import * as path from 'path';

import { galataTest as test } from '../fresh';
import { CTADataPanel, drop, storagePath, workspacePath } from '../panel';

const OWN = 'lst/users/alice';
const NOTICE =
  'Files uploaded here can be read by all CTAO members and all platform users.';

/** Where a file of the user's home directory is on this machine. */
const ownPath = (...segments: string[]) => storagePath(OWN, ...segments);

test.describe('uploads', () => {
  let panel: CTADataPanel;
  let files: string;

  const uploads = () =>
    panel.root.getByRole('region', { name: 'Uploads' }).getByRole('listitem');
  const dialog = (page: IJupyterLabPageFixture) => page.getByRole('dialog');
  const listing = () => panel.root.locator('.jp-CTAData-browser');
  const make = (name: string, content: string | Buffer = name) => {
    const file = path.join(files, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
    return file;
  };

  /** The dialog is shown once; then it is remembered. */
  const confirm = async (page: IJupyterLabPageFixture) => {
    await expect(dialog(page)).toContainText(NOTICE);
    await dialog(page).getByRole('button', { name: 'Upload' }).click();
  };

  test.beforeEach(async ({ page }, info) => {
    files = info.outputPath('files');
    fs.rmSync(ownPath(), { recursive: true, force: true });
    fs.mkdirSync(ownPath(), { recursive: true });
    panel = new CTADataPanel(page);
    await panel.show();
    await panel.open(OWN);
  });

  test('says once who can read it, and takes files and folders', async ({
    page
  }) => {
    const file = make('größe 1.fits', 'one');
    const inner = make('run42/sub/a.fits', 'two');
    make('run42/.DS_Store');
    fs.mkdirSync(path.join(files, 'run42/empty'));
    await drop(listing(), [file, path.join(files, 'run42')], async () => {
      await expect(panel.root.locator('.jp-CTAData-dropHint')).toHaveText(
        `Upload to ${OWN}/`
      );
      await expect(listing()).toHaveClass(/jp-mod-dropTarget/);
    });
    await expect(dialog(page)).toContainText('2 files, 6 B');
    await expect(dialog(page)).toContainText(`${OWN}/`);
    await expect(dialog(page)).toContainText('1 hidden file left out');
    await expect(dialog(page)).toContainText('left out: run42/empty');
    await confirm(page);
    await expect(panel.transfer('größe 1.fits')).toHaveClass(/jp-mod-finished/);
    await expect(panel.transfer('run42')).toHaveClass(/jp-mod-finished/);
    await expect(uploads()).toHaveCount(0);
    expect(fs.readFileSync(ownPath('größe 1.fits'), 'utf8')).toBe('one');
    expect(fs.readFileSync(ownPath('run42/sub/a.fits'), 'utf8')).toBe('two');
    expect(fs.readdirSync(ownPath('run42'))).toEqual(['sub']);

    // Now it is known; onto the row of a folder.
    await drop(panel.row('run42'), [inner], async () => {
      await expect(panel.row('run42')).toHaveClass(/jp-mod-dropTarget/);
      await expect(panel.root.locator('.jp-CTAData-dropHint')).toHaveText(
        `Upload to ${OWN}/run42/`
      );
    });
    await expect(panel.transfer('a.fits')).toHaveClass(/jp-mod-finished/);
    await expect(panel.root.locator('.jp-CTAData-dropHint')).toHaveCount(0);
    expect(fs.readFileSync(ownPath('run42/a.fits'), 'utf8')).toBe('two');
  });

  test('asks each time whether what is hidden is meant, too', async ({
    page
  }) => {
    make('first.txt');
    await drop(listing(), [path.join(files, 'first.txt')]);
    await confirm(page);
    for (const name of ['.env', '.git/config', 'a.h5', 'sub/.cache/b']) {
      make(`run43/${name}`);
    }
    await drop(listing(), [path.join(files, 'run43')]);
    const told = '2 hidden directories and 1 hidden file left out';
    await expect(dialog(page)).toContainText(told);
    await dialog(page).getByRole('button', { name: 'Upload' }).click();
    await expect(panel.transfer('run43')).toHaveClass(/jp-mod-finished/);
    await expect(panel.transfer('run43')).toContainText(told);
    expect(fs.readdirSync(ownPath('run43'))).toEqual(['a.h5']);

    fs.rmSync(path.join(files, 'run43/a.h5'));
    await drop(listing(), [path.join(files, 'run43')]);
    await dialog(page).getByRole('checkbox').check();
    await dialog(page).getByRole('button', { name: 'Upload' }).click();
    await expect
      .poll(() => fs.readdirSync(ownPath('run43')).sort())
      .toEqual(['.env', '.git', 'a.h5', 'sub']);
    await expect(uploads()).toHaveCount(0);
    await expect(panel.transfer('run43').first()).not.toContainText('left out');
  });

  test('goes into the home directory from anywhere, and says so', async ({
    page
  }) => {
    await panel.open('cta');
    const chooser = page.waitForEvent('filechooser');
    await panel.toolbarButton('Upload files').click();
    await (await chooser).setFiles(make('b.csv', 'b'));
    await expect(dialog(page)).toContainText(`${OWN}/`);
    await expect(dialog(page)).toContainText('into your home directory');
    await confirm(page);
    await expect(panel.transfer('b.csv')).toHaveClass(/jp-mod-finished/);
    expect(fs.readFileSync(ownPath('b.csv'), 'utf8')).toBe('b');
    expect(fs.existsSync(storagePath('cta/b.csv'))).toBe(false);
  });

  test('asks about names that are taken', async ({ page }) => {
    for (const name of ['a.fits.gz', 'b.h5', 'c.h5']) {
      fs.writeFileSync(ownPath(name), 'old');
    }
    const chosen = ['a.fits.gz', 'b.h5', 'c.h5'].map(name => make(name, 'new'));
    await drop(listing(), chosen);
    await confirm(page);
    await expect(dialog(page)).toContainText(`${OWN}/a.fits.gz`);
    await dialog(page).getByRole('button', { name: 'Keep Both' }).click();
    await expect(dialog(page)).toContainText(`${OWN}/b.h5`);
    await dialog(page).getByRole('checkbox').check();
    await dialog(page).getByRole('button', { name: 'Replace' }).click();
    for (const name of ['a (1).fits.gz', 'b.h5', 'c.h5']) {
      await expect(panel.transfer(name)).toHaveClass(/jp-mod-finished/);
    }
    expect(fs.readFileSync(ownPath('a.fits.gz'), 'utf8')).toBe('old');
    for (const name of ['a (1).fits.gz', 'b.h5', 'c.h5']) {
      expect(fs.readFileSync(ownPath(name), 'utf8')).toBe('new');
    }

    // Calling it off leaves everything as it is.
    await drop(listing(), [make('d.h5', 'd'), chosen[1]]);
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog(page)).toHaveCount(0);
    await expect(uploads()).toHaveCount(0);
    expect(fs.existsSync(ownPath('d.h5'))).toBe(false);
  });

  test('goes on where it was after a reload', async ({ page }) => {
    const bytes = Buffer.alloc(40 * 1024 * 1024, 'ctadata ');
    const file = make('large.fits', bytes);
    // From the third piece on, nothing gets through.
    let pieces = 0;
    await page.route(/\/ctadata\/uploads\//, async route => {
      pieces += route.request().method() === 'PATCH' ? 1 : 0;
      if (pieces < 2) {
        await route.continue();
      }
    });
    await drop(listing(), [file]);
    await confirm(page);
    await expect(uploads()).toContainText('large.fits');
    await expect(uploads().getByRole('progressbar')).toHaveAttribute(
      'aria-valuenow',
      '40'
    );
    page.on('dialog', question => void question.accept());
    await page.unroute(/\/ctadata\/uploads\//);
    await page.reload();
    await panel.show();
    await expect(uploads()).toContainText('Interrupted at 16.0 MB of 40.0 MB');

    let sent = 0;
    page.on('request', request => {
      if (request.method() === 'PATCH') {
        sent += 1;
      }
    });
    await drop(listing(), [file]);
    await expect(panel.transfer('large.fits')).toHaveClass(/jp-mod-finished/);
    await expect(uploads()).toHaveCount(0);
    expect(sent).toBe(3);
    expect(fs.readFileSync(ownPath('large.fits')).equals(bytes)).toBe(true);
  });

  test('cancels, and waits for a connection that is lost', async ({ page }) => {
    const file = make('lost.fits', Buffer.alloc(24 * 1024 * 1024, 'x'));
    await page.route(/\/ctadata\/uploads\//, route =>
      route.request().method() === 'PATCH' ? route.abort() : route.continue()
    );
    await drop(listing(), [file]);
    await confirm(page);
    await expect(uploads()).toContainText('Waiting for the connection');
    await uploads().getByRole('button', { name: 'Cancel lost.fits' }).click();
    await expect(uploads()).toHaveCount(0);
    await expect
      .poll(async () => (await page.request.get('ctadata/uploads')).json())
      .toEqual({ uploads: [] });

    await drop(listing(), [file]);
    await expect(uploads()).toContainText('Waiting for the connection');
    await page.unroute(/\/ctadata\/uploads\//);
    // It waits longer before each new try, but not when the page says that it is online again.
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await expect(panel.transfer('lost.fits')).toHaveClass(/jp-mod-finished/);
    expect(fs.statSync(ownPath('lost.fits')).size).toBe(24 * 1024 * 1024);
  });

  test('takes files of the file browser', async ({ page, tmpPath }) => {
    fs.writeFileSync(workspacePath('open', tmpPath, 'local.csv'), 'local');
    fs.writeFileSync(ownPath('local.csv'), 'old');
    // Side by side, as somebody has them who drags from one to the other.
    await page.evaluate(() => {
      const { shell } = window.jupyterapp;
      const widget = [...shell.widgets('left')].find(
        ({ id }) => id === 'ctadata-panel'
      );
      if (widget) {
        shell.add(widget, 'right');
        shell.activateById(widget.id);
      }
    });
    await page.sidebar.openTab('filebrowser');
    await page.filebrowser.refresh();
    await panel.root.waitFor();
    const local = page.locator('.jp-DirListing-item', { hasText: 'local.csv' });
    await local.hover();
    await page.mouse.down();
    await listing().hover();
    await expect(panel.root.locator('.jp-CTAData-dropHint')).toHaveText(
      `Upload to ${OWN}/`
    );
    await page.mouse.up();
    await expect(dialog(page)).toContainText('local.csv from the workspace');
    await confirm(page);
    await dialog(page).getByRole('button', { name: 'Keep Both' }).click();
    await expect(panel.transfer('local.csv')).toHaveClass(/jp-mod-finished/);
    expect(fs.readFileSync(ownPath('local (1).csv'), 'utf8')).toBe('local');
    expect(fs.readFileSync(ownPath('local.csv'), 'utf8')).toBe('old');
    // A drop on the panel is a copy.
    await expect(local).toBeVisible();
  });
});
