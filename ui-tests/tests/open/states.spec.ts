import { expect } from '@jupyterlab/galata';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, service, storagePath } from '../panel';

test.describe('what is said where there are no rows', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
    await expect(panel.row('cta')).toBeVisible();
  });

  test.afterEach(() => service('start'));

  test('an empty folder, and one that is gone', async () => {
    fs.mkdirSync(storagePath('cta/empty/soon gone'));
    await panel.open('cta/empty/soon gone');
    await expect(panel.message).toContainText('This folder is empty');
    fs.rmdirSync(storagePath('cta/empty/soon gone'));
    await panel.message.getByRole('button', { name: 'Refresh' }).click();
    await expect(panel.message).toContainText('Not found');
    await expect(panel.message).toContainText('cta/empty/soon gone');
    await panel.message.getByRole('button', { name: 'Go up' }).click();
    await expect(panel.message).toContainText('This folder is empty');
    await panel.message.getByRole('button', { name: 'Go up' }).click();
    await expect(panel.row('DL1')).toBeVisible();
  });

  test('a service that is down, and comes back', async () => {
    await service('stop');
    await panel.row('lst').dblclick();
    await expect(panel.message).toContainText(
      'The data service does not answer'
    );
    await expect(panel.message).toContainText(
      /http:\/\/127\.0\.0\.1:\d+\/services\/downloadservice\//
    );
    await service('start');
    await panel.message.getByRole('button', { name: 'Try again' }).click();
    await expect(panel.row('some-data-dir')).toBeVisible();
  });

  test('a service that lets wait', async ({ page }) => {
    let release = () => {};
    const released = new Promise<void>(resolve => {
      release = resolve;
    });
    await page.route(/ctadata\/resources\/lst/, async route => {
      await released;
      await route.abort();
    });
    await panel.row('lst').dblclick();
    await expect(panel.message).toContainText('Loading lst');
    await expect(panel.message).toContainText(
      /Still waiting for 127\.0\.0\.1:\d+/
    );
    await panel.message.getByRole('button', { name: 'Cancel' }).click();
    await expect(panel.message).toContainText('Loading was cancelled');
    release();
    await page.unroute(/ctadata\/resources\/lst/);
    await panel.message.getByRole('button', { name: 'Try again' }).click();
    await expect(panel.row('some-data-dir')).toBeVisible();
  });

  test('a section that cannot be rendered', async ({ page }) => {
    await page.route(/\/ctadata\/transfers(\?|$)/, route =>
      route.fulfill({ json: { transfers: [{ id: 'a', state: 'running' }] } })
    );
    await page.reload();
    await panel.show();
    await expect(panel.message).toHaveText(/Unexpected error/);
    // The others go on.
    await panel.row('lst').dblclick();
    await expect(panel.row('some-data-dir')).toBeVisible();
    // The next answer makes it whole.
    await page.unroute(/\/ctadata\/transfers(\?|$)/);
    await expect(panel.message).toBeHidden();
  });
});
