import { IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import { test as plain } from '@playwright/test';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, storagePath, workspacePath } from '../panel';

const FOLDER = 'cta/to open';
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3' } },
  cells: [
    {
      id: 'one',
      cell_type: 'code',
      execution_count: 1,
      source: 'show()',
      // It says of itself that it can be trusted; it must not be.
      metadata: { trusted: true },
      outputs: [
        {
          output_type: 'display_data',
          metadata: {},
          data: {
            'application/javascript': 'document.title = "taken over"',
            'text/plain': 'plain and safe'
          }
        }
      ]
    }
  ]
};

const FILES: Record<string, string | Buffer> = {
  'notes #1.txt': 'first line\r\nsecond line\r\n',
  'camera.png': Buffer.from(PIXEL, 'base64'),
  'pointing.csv': 'alt,az\n70.5,180.0\n',
  'config.json': '{"tailcut": 84}',
  'analysis.ipynb': JSON.stringify(NOTEBOOK),
  'run 7': 'a text without an ending',
  'blob.bin': Buffer.from([0, 1, 2, 255]),
  'large.txt': 'x'.repeat(11 * 2 ** 20)
};

test.beforeEach(() => {
  fs.mkdirSync(storagePath(FOLDER), { recursive: true });
  for (const [name, content] of Object.entries(FILES)) {
    fs.writeFileSync(storagePath(FOLDER, name), content);
  }
});

/** The document of that name, in the main area. */
async function opened(page: IJupyterLabPageFixture, name: string) {
  const tab = page.locator('.jp-mod-current[role="tab"]').filter({
    hasText: name
  });
  await expect(tab).toBeVisible();
  return page.locator(`[id="${(await tab.getAttribute('data-id')) ?? ''}"]`);
}

/** Close the document shown; JupyterLab has nothing to ask. */
async function close(page: IJupyterLabPageFixture, name: string) {
  const tab = page.locator('#jp-main-dock-panel').getByRole('tab', { name });
  await tab.locator('.lm-TabBar-tabCloseIcon').click();
  await expect(tab).toHaveCount(0);
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

test.describe('notebooks', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
    await panel.open(FOLDER);
  });

  test('receive a cell below the active one, which can be undone', async ({
    page
  }) => {
    await panel.row('config.json').click();
    await panel.selected.first().click({ button: 'right' });
    const item = page.getByRole('menuitem', { name: 'Insert in Notebook' });
    await expect(item).toHaveAttribute('aria-disabled', 'true');
    await page.keyboard.press('Escape');

    await page.notebook.createNew();
    await page.notebook.setCell(0, 'code', 'first = 1');
    await page.notebook.addCell('code', 'last = 1');
    await page.notebook.selectCells(0);
    await panel.menuItem('Insert in Notebook');
    const cells = page.locator('.jp-Notebook:visible .jp-Cell');
    await expect(cells).toHaveCount(3);
    await expect(cells.nth(1)).toHaveClass(/jp-mod-active/);
    await expect(cells.nth(1)).toContainText('cta/to open/config.json');
    await expect(cells.nth(2)).toContainText('last = 1');
    await page.notebook.selectCells(1);
    await page.keyboard.press('z');
    await expect(cells).toHaveCount(2);
  });

  test('take rows that are dragged, and run them', async ({ page }) => {
    await page.notebook.createNew();
    await page.notebook.setCell(0, 'code', 'first = 1');
    await panel.row('config.json').click();
    await panel.row('run 7').click({ modifiers: ['ControlOrMeta'] });
    await panel.row('config.json').hover();
    await page.mouse.down();
    await page.mouse.move(300, 300);
    await expect(page.locator('.jp-CTAData-dragImage')).toHaveText('2 items');
    const cells = page.locator('.jp-Notebook:visible .jp-Cell');
    await cells.first().hover({ force: true });
    await page.mouse.up();
    await expect(page.locator('.jp-CTAData-dragImage')).toHaveCount(0);
    await expect(cells).toHaveCount(2);
    await expect(cells.first()).toContainText('"cta/to open/run 7": Path');

    await page.notebook.runCell(0, true);
    await expect(cells.first().locator('.jp-RenderedText')).toHaveText(
      "{'config.json': {'tailcut': 84}, 'run 7': PosixPath('run 7')}"
    );
  });
});

test.describe('files are opened read-only:', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
    await panel.open(FOLDER);
  });

  test('text', async ({ page }) => {
    await panel.row('notes #1.txt').dblclick();
    const document = await opened(page, 'notes #1.txt');
    await expect(document.locator('.cm-content')).toContainText('second line');
    await expect(document).toContainText('read-only');
    await document.locator('.cm-content').click();
    await page.keyboard.type('mine');
    await expect(document.locator('.cm-content')).not.toContainText('mine');
    await close(page, 'notes #1.txt');

    await panel.row('run 7').dblclick();
    await expect(await opened(page, 'run 7')).toContainText(
      'without an ending'
    );
  });

  test('an image', async ({ page }) => {
    await panel.row('camera.png').dblclick();
    const image = (await opened(page, 'camera.png')).locator('img');
    await expect(image).toHaveJSProperty('naturalWidth', 1);
    await close(page, 'camera.png');
  });

  test('a table', async ({ page }) => {
    await panel.row('pointing.csv').focus();
    await panel.row('pointing.csv').click();
    await page.keyboard.press('Enter');
    const document = await opened(page, 'pointing.csv');
    await expect(document.locator('.lm-DataGrid')).toBeVisible();
    await close(page, 'pointing.csv');
  });

  test('JSON', async ({ page }) => {
    await panel.row('config.json').dblclick();
    const document = await opened(page, 'config.json');
    await expect(document).toContainText('84');
    await close(page, 'config.json');
  });

  test('a notebook, without a kernel and without its scripts', async ({
    page
  }) => {
    await panel.row('analysis.ipynb').dblclick();
    const document = await opened(page, 'analysis.ipynb');
    await expect(document).toContainText('plain and safe');
    await expect(page).not.toHaveTitle(/taken over/);
    await document.locator('.cm-content').first().click();
    await page.keyboard.type('mine');
    await expect(document).not.toContainText('mine');
    // What people do all the time.
    await page.keyboard.press('ControlOrMeta+s');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await close(page, 'analysis.ipynb');
  });

  test('also after a reload', async ({ page }) => {
    const saved = page.waitForResponse(
      response =>
        response.request().method() === 'PUT' &&
        (response.request().postData() ?? '').includes('cta:cta/to open')
    );
    await panel.row('notes #1.txt').dblclick();
    await opened(page, 'notes #1.txt');
    await saved;
    await page.reload({ waitForIsReady: false });
    await expect(page.locator('.jp-FileEditor .cm-content')).toContainText(
      'second line'
    );
  });

  test('or not, and why', async ({ page }) => {
    const dialog = page.getByRole('dialog');
    for (const [name, reason] of [
      ['large.txt', 'Too large to preview'],
      ['blob.bin', 'no viewer for this kind of file']
    ]) {
      await panel.row(name).dblclick();
      await expect(dialog).toContainText('Download to the workspace?');
      await expect(dialog).toContainText(reason);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await expect(dialog).toHaveCount(0);
    }
    await panel.open('cta/DL1/20241114/v0.1');
    await panel.row('dl1_LST-1.Run11111.0100.h5').dblclick();
    await expect(dialog).toContainText('no viewer for this kind of file');
  });

  test('what has gone is said, not opened', async ({ page }) => {
    const gone = storagePath(FOLDER, 'gone.txt');
    fs.writeFileSync(gone, 'here');
    await panel.root.getByTitle('Ask the data service again').click();
    await panel.row('gone.txt').click();
    fs.rmSync(gone);
    await page.keyboard.press('Enter');
    await expect
      .poll(async () => JSON.stringify(await page.notifications))
      .toContain('gone.txt');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect(page.getByRole('tab', { name: 'gone.txt' })).toHaveCount(0);
  });
});

// What galata waits for is not there in all of them.
plain.describe('links open the panel', () => {
  for (const start of ['lab', 'lab/workspaces/other', 'lab/tree/own.txt']) {
    plain(`from /${start}`, async ({ page, baseURL }) => {
      fs.writeFileSync(workspacePath('open', 'own.txt'), 'mine');
      const panel = new CTADataPanel(page);
      await page.goto(
        `${baseURL}/${start}?cta-path=cta/to%20open/notes%20%231.txt&reset`
      );
      await expect(panel.selected).toHaveCount(1);
      await expect(panel.selected).toContainText('notes #1.txt');
      await expect(page).not.toHaveURL(/cta-path/);
    });
  }

  for (const [path, title] of [
    ['cta/no/such', 'Not found'],
    ['cta/%2e%2e/%2e%2e', 'Not a path']
  ]) {
    plain(`which says of ${path}: ${title}`, async ({ page, baseURL }) => {
      const panel = new CTADataPanel(page);
      await page.goto(`${baseURL}/lab?reset&cta-path=${path}`);
      await expect(panel.message).toContainText(title);
    });
  }
});

test.describe('links', () => {
  test('are copied without a token', async ({ page, baseURL }) => {
    await page
      .context()
      .grantPermissions(['clipboard-read', 'clipboard-write']);
    const panel = new CTADataPanel(page);
    await panel.show();
    await panel.open(FOLDER);
    await panel.row('notes #1.txt').click();
    await panel.menuItem('Copy Link');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    expect(link).toBe(`${baseURL}/lab?cta-path=cta/to%20open/notes%20%231.txt`);
  });
});
