import { expect } from '@jupyterlab/galata';

import { galataTest as test } from '../fresh';
import { CTADataPanel } from '../panel';

test('says that there is no token, and what to do', async ({ page }) => {
  const panel = new CTADataPanel(page);
  await panel.show();
  await expect(panel.message).toContainText('No token');
  await expect(panel.message).toContainText('JUPYTERHUB_API_TOKEN');
  await expect(
    panel.message.getByRole('button', { name: 'Try again' })
  ).toBeVisible();
});
