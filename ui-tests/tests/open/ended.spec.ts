import { IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, workspacePath } from '../panel';

/** Answer these transfers, and run again what is asked for. */
async function pretend(
  page: IJupyterLabPageFixture,
  states: Record<string, string>
): Promise<void> {
  const transfers = Object.entries(states).map(([name, state]) => ({
    id: name,
    kind: 'download',
    source: `lst/${name}`,
    target: `here/${name}`,
    state,
    bytes_done: 5,
    bytes_total: 10,
    files_done: 0,
    files_total: 1,
    counting: false,
    rate: null,
    error: null,
    failures: [],
    resumable: state === 'interrupted',
    created: '2026-01-01T00:00:00Z'
  }));
  await page.route(/\/ctadata\/transfers(\?|$)/, route =>
    route.fulfill({ json: { transfers } })
  );
  await page.route(/\/ctadata\/transfers\/[^/]*\/retry/, async route => {
    const id = route.request().url().split('/').at(-2);
    const transfer = transfers.find(transfer => transfer.id === id);
    Object.assign(transfer ?? {}, { state: 'finished', resumable: false });
    await route.fulfill({
      status: 202,
      json: { ...transfer, state: 'queued' }
    });
  });
}

test.describe('transfers that have ended', () => {
  let panel: CTADataPanel;

  test.beforeEach(({ page }) => {
    panel = new CTADataPanel(page);
  });

  test('are resumed, one or all, after the server was restarted', async ({
    page
  }) => {
    await pretend(page, {
      'a.h5': 'interrupted',
      'b.h5': 'interrupted',
      'c.h5': 'interrupted'
    });
    await page.reload();
    const status = page.locator('.jp-CTAData-status');
    await expect(status).toHaveText('CTA: 3 interrupted');
    await status.click();
    await expect(panel.transfer('a.h5')).toContainText('Interrupted');
    await panel
      .transfer('a.h5')
      .getByRole('button', { name: 'Resume a.h5' })
      .click();
    await expect(panel.transfer('a.h5')).toHaveClass(/jp-mod-finished/);
    await expect(panel.transfer('b.h5')).toHaveClass(/jp-mod-interrupted/);
    await panel.root.getByRole('button', { name: 'Resume all' }).press('Enter');
    await expect(panel.root.locator('.jp-mod-finished')).toHaveCount(3);
    await expect(status).toBeHidden();
    await expect(panel.root.locator('.jp-CTAData-heard')).toHaveText(
      /^The download of [bc].h5 has finished$|^2 transfers have ended$/
    );
    // The button is gone; whoever uses the keyboard is still in the same place.
    await expect(
      panel.root.getByRole('button', { name: 'Transfers', exact: true })
    ).toBeFocused();
  });

  test('are shown a page at a time when there are hundreds', async ({
    page
  }) => {
    const names = Array.from({ length: 120 }, (_, i) => `run${i}.h5`);
    await pretend(page, Object.fromEntries(names.map(n => [n, 'cancelled'])));
    await page.reload();
    await panel.show();
    await expect(panel.transfers).toHaveCount(50);
    await panel.root.getByRole('button', { name: /^Show more/ }).click();
    await expect(panel.transfers).toHaveCount(100);
    await panel.root.getByRole('button', { name: /^Show more/ }).click();
    await expect(panel.transfers).toHaveCount(120);
  });

  test('offer the path of what was uploaded', async ({ page, tmpPath }) => {
    await page
      .context()
      .grantPermissions(['clipboard-read', 'clipboard-write']);
    fs.writeFileSync(workspacePath('open', tmpPath, 'crab.txt'), 'nebula');
    const path = `${tmpPath}/crab.txt`;
    const started = await page.request.post('ctadata/transfers', {
      data: { kind: 'upload', paths: [path], destination: 'results' }
    });
    expect(started.status()).toBe(202);
    await panel.show();
    const upload = panel.transfer('crab.txt');
    await expect(upload).toHaveClass(/jp-mod-finished/);
    const target = 'lst/users/alice/results/crab.txt';
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await upload.getByRole('button', { name: 'Copy the path of' }).click();
    expect(await copied()).toBe(target);
    await upload.getByRole('button', { name: /as Python$/ }).click();
    await expect.poll(copied).toContain(`"${target}"`);
    await upload.getByRole('button', { name: /in this panel$/ }).click();
    await expect(panel.selected).toContainText('crab.txt');
    await panel.clearTransfers();
  });
});
