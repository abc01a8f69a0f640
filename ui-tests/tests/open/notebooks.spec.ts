import { expect } from '@jupyterlab/galata';
import { test as plain } from '@playwright/test';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, storagePath, workspacePath } from '../panel';

const FOLDER = 'cta/to open';
const FILES: Record<string, string> = {
  'notes #1.txt': 'first line\r\nsecond line\r\n',
  'config.json': '{"tailcut": 84}',
  'run 7': 'a text without an ending'
};

test.beforeEach(() => {
  fs.mkdirSync(storagePath(FOLDER), { recursive: true });
  for (const [name, content] of Object.entries(FILES)) {
    fs.writeFileSync(storagePath(FOLDER, name), content);
  }
});

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
    ['cta/%2e%2e/%2e%2e', 'Invalid path']
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
