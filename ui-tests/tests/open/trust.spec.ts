import { expect } from '@jupyterlab/galata';

import { galataTest as test } from '../fresh';
import { CTADataPanel, spoil } from '../panel';

test.describe('what is said of faults', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
    await expect(panel.row('cta')).toBeVisible();
  });

  test.afterEach(() => spoil([]));

  for (const [status, title, text] of [
    [401, 'Token refused', /token/],
    [403, 'No access', /cta\/DL1/],
    [404, 'Not found', /cta\/DL1/],
    [500, 'The storage has a problem', /cta\/DL1|storage/]
  ] as const) {
    test(`${status}: ${title}`, async () => {
      await panel.row('cta').dblclick();
      await spoil([{ path: '/list/cta/DL1', status }]);
      await panel.row('DL1').dblclick();
      await expect(panel.message).toContainText(title);
      await expect(panel.message).toContainText(text);
      await expect(panel.message.getByRole('button').first()).toBeVisible();
      await spoil([]);
      // It is asked again: at the same place, or by going up and in.
      const again = panel.message.getByRole('button', { name: 'Try again' });
      if (status === 401 || status === 500) {
        await again.click();
      } else {
        await panel.message.getByRole('button', { name: 'Go up' }).click();
        await panel.row('DL1').dblclick();
      }
      await expect(panel.row('20241114')).toBeVisible();
    });
  }

  test('an answer that breaks off', async () => {
    await panel.open('lst/DL1/20241114/v0.1/tailcut84');
    await spoil([{ path: '/muons', cut: 20_000 }]);
    await panel.row('muons').dblclick();
    await expect(panel.message).toContainText(
      /The data service does not answer|The storage has a problem|Something went wrong/
    );
    await expect(panel.rows).toHaveCount(0);
    await spoil([]);
    await panel.message.getByRole('button', { name: 'Try again' }).click();
    await expect(panel.summary).toHaveText('3,000 items');
  });

  test('a server extension that is older, or missing', async ({ page }) => {
    const status = await (await page.request.get('ctadata/status')).json();
    status.versions.api = 1;
    let server: 'older' | 'missing' | 'good' = 'older';
    await page.route(/\/ctadata\/(status|resources)/, async route => {
      if (server === 'missing') {
        await route.fulfill({ status: 404, body: '<html>404</html>' });
      } else if (
        server === 'older' &&
        route.request().url().includes('status')
      ) {
        await route.fulfill({ json: status });
      } else {
        await route.fallback();
      }
    });
    await page.reload();
    await panel.show();
    await expect(panel.message).toContainText(
      'The server extension is older than this panel'
    );
    await expect(panel.message).toContainText('Restart the Jupyter server');

    server = 'missing';
    await page.reload();
    await panel.show();
    await expect(panel.message).toContainText(
      'The server extension is missing'
    );
    server = 'good';
    await panel.message.getByRole('button', { name: 'Try again' }).click();
    await expect(panel.row('cta')).toBeVisible();
  });
});
