import { IJupyterLabPageFixture, expect, galata } from '@jupyterlab/galata';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, HUGE_FILE, HUGE_FOLDER, storagePath } from '../panel';

const FOLDER = 'cta/DL1/20241114/v0.1';
const FILE = 'dl1_LST-1.Run11111.0100.h5';

test.use({
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    'ctadata:panel': { notifyAfter: 0 }
  }
});

/** Hide the panel behind the file browser, then download what is selected in it. */
async function downloadHidden(page: IJupyterLabPageFixture): Promise<void> {
  await page.sidebar.openTab('filebrowser');
  await page.evaluate(() =>
    window.jupyterapp.commands.execute('ctadata:download-to-workspace')
  );
}

test.describe('transfers while the panel is hidden', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
  });

  test.afterEach(async () => {
    await panel.show();
    await panel.clearTransfers();
  });

  test('are counted in the status bar, which shows the panel', async ({
    page
  }) => {
    const status = page.locator('.jp-CTAData-status');
    await expect(status).toBeHidden();
    await panel.open(HUGE_FOLDER);
    await panel.row(HUGE_FILE).click();
    await panel.downloadLarge();
    await page.sidebar.openTab('filebrowser');
    await expect(status).toHaveText(/^CTA: 1 transfer, \d+ %$/);
    // Also in a page that has never shown the panel.
    await page.reload();
    await expect(status).toHaveText(/^CTA: 1 transfer, \d+ %$/);
    await status.click();
    await panel.transfer(HUGE_FILE).waitFor();
    await panel.clearTransfers();
    await expect(status).toBeHidden();
  });

  test('tell when they have finished, and where', async ({ page }) => {
    await panel.open(FOLDER);
    await panel.row(FILE).click();
    await downloadHidden(page);
    const notice = page.locator('.Toastify__toast--success');
    await expect(notice).toContainText(`The download of ${FILE} has finished`);
    await notice.getByRole('button', { name: 'Show in File Browser' }).click();
    await expect(
      page.locator('.jp-DirListing-item.jp-mod-selected', { hasText: FILE })
    ).toBeVisible();
  });

  test('tell that they have failed, and show why', async ({ page }) => {
    const gone = storagePath('cta/empty/gone.txt');
    fs.writeFileSync(gone, 'here');
    await panel.open('cta/empty');
    await panel.row('gone.txt').click();
    fs.rmSync(gone);
    await downloadHidden(page);
    const notice = page.locator('.Toastify__toast--error');
    await expect(notice).toContainText('The download of gone.txt has failed');
    await expect(page.locator('.jp-CTAData-status')).toHaveText(
      'CTA: 1 failed'
    );
    await notice.getByRole('button', { name: 'Show Transfers' }).click();
    await expect(panel.transfer('gone.txt')).toContainText(
      'cta/empty/gone.txt'
    );
  });
});
