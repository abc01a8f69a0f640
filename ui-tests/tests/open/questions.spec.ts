import { expect } from '@jupyterlab/galata';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, workspacePath } from '../panel';

const FOLDER = 'cta/DL1/20241114/v0.1';
const FILE = 'dl1_LST-1.Run11111.0100.h5';
const MUONS = 'lst/DL1/20241114/v0.1/tailcut84';

test.describe('the dialog of downloads', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
  });

  test.afterEach(async () => {
    await panel.clearTransfers();
  });

  test('counts a folder while it is open, and stops when told', async ({
    page
  }) => {
    // What the server has counted so far is shown; the rest is held back.
    let release = () => {};
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    await page.route(/\/ctadata\/totals/, async route => {
      await held;
      await route.continue();
    });
    await panel.open(MUONS);
    await panel.row('muons').click();
    await panel.toolbarButton('Copy the selection').click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('Counting…');
    await expect(dialog).toContainText('Free space: ');
    await dialog.getByRole('button', { name: 'Stop counting' }).click();
    await expect(dialog).toContainText('At least 0 B');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    release();
    await panel.toolbarButton('Copy the selection').click();
    await expect(dialog).toContainText(/Total: .* in 3000 files/);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
    await expect(panel.transfers).toHaveCount(0);
  });

  test('warns when there is not room enough, and lets one go on', async ({
    page,
    tmpPath
  }) => {
    await page.route(/\/ctadata\/workspace\//, async route => {
      const answer = await route.fetch();
      await route.fulfill({ json: { ...(await answer.json()), free: 1000 } });
    });
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    await panel.toolbarButton('Copy the selection').click();
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText('Free space: 1000 B');
    await expect(dialog.getByRole('alert')).toContainText(
      /Not enough space: .* more are needed/
    );
    await dialog.getByRole('button', { name: 'Download' }).click();
    await expect(panel.transfer(FILE)).toContainText(`in ${tmpPath}`);
  });

  test('lets one choose the folder, and remembers it', async ({
    page,
    tmpPath
  }) => {
    const folder = `${tmpPath}/for results`;
    fs.mkdirSync(workspacePath('open', folder));
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    await panel.menuItem('Download to…');
    const dialog = page.getByRole('dialog');
    await expect(dialog).toContainText(`Into the folder “${tmpPath}”`);
    await dialog.getByRole('button', { name: 'Choose…' }).click();
    await expect(dialog).toContainText('Download into which folder?');
    await dialog
      .locator('.jp-DirListing-item', { hasText: 'for results' })
      .click();
    await dialog.getByRole('button', { name: 'Select' }).click();
    await expect(dialog).toContainText(`Into the folder “${folder}”`);
    await dialog.getByRole('button', { name: 'Download' }).click();
    await expect(panel.transfer(FILE)).toContainText(`in ${folder}`);
    expect(fs.existsSync(workspacePath('open', folder, FILE))).toBe(true);

    await panel.row(FILE).click();
    await panel.menuItem('Download to…');
    await expect(dialog).toContainText(`Into the folder “${folder}”`);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
  });
});
