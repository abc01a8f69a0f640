import { expect } from '@playwright/test';
import * as fs from 'fs';

import { test } from '../fresh';
import { CTADataPanel, logIn, storagePath, workspacePath } from '../panel';

const FOLDER = 'cta/DL3/20241114/v0.1';
const FILE = 'dl3_LST-1.Run11111.fits';

test('works with token and XSRF check, and survives a reload', async ({
  page
}) => {
  await logIn(page);
  const panel = new CTADataPanel(page);
  await panel.show();
  const saved = page.waitForResponse(
    response =>
      response.request().method() === 'PUT' &&
      response.url().includes('/api/workspaces/') &&
      (response.request().postData() ?? '').includes(FOLDER)
  );
  await panel.open(FOLDER);
  await saved;
  await page.reload();
  await panel.show();

  await panel.row(FILE).click();
  const started = page.waitForEvent('download');
  await panel.toolbarButton('Let the browser download').click();
  const download = await started;
  const sent = fs.readFileSync(await download.path());
  const original = fs.readFileSync(storagePath(FOLDER, FILE));
  expect(sent.equals(original)).toBe(true);
  expect(download.url()).not.toContain(process.env.CTADATA_UI_TOKEN ?? '-');

  await panel.toolbarButton('Copy the selection').click();
  await expect(panel.transfer(FILE)).toHaveClass(/jp-mod-finished/);
  const copied = workspacePath('secured', FILE);
  expect(fs.readFileSync(copied).equals(original)).toBe(true);

  // Without the proof that this page asks, nothing is sent.
  const bare = new URL(download.url());
  bare.search = '';
  const refused = await page.request.get(bare.href);
  expect(refused.status()).toBe(403);
});
