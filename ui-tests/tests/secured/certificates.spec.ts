import { expect } from '@playwright/test';

import { test } from '../fresh';
import { CTADataPanel, certificatePath, logIn } from '../panel';

test('a certificate is delegated with token and XSRF check', async ({
  page
}) => {
  await logIn(page);
  const panel = new CTADataPanel(page);
  await panel.show();
  await expect(panel.badge).toHaveText('No certificate delegated from here');
  await expect(panel.badge).toHaveAttribute(
    'title',
    'No certificate was uploaded from here. A shared robot certificate may be in use: ask support.'
  );
  await panel.badge.click();
  const dialog = page.getByRole('dialog', { name: 'Delegate a Certificate' });
  await expect(dialog).toContainText('No certificate was uploaded from here');
  // There is none on this server.
  await expect(dialog).toContainText('There is no file');
  await expect(
    dialog.getByRole('button', { name: 'Use the Proxy Found' })
  ).toBeDisabled();
  const chooser = page.waitForEvent('filechooser');
  await dialog.getByRole('button', { name: 'Choose File' }).click();
  await (await chooser).setFiles(certificatePath('good.pem'));
  await dialog.getByRole('button', { name: 'Upload' }).click();
  await expect(dialog).toContainText('Certificate stored');
  await page.reload();
  await panel.show();
  await expect(panel.badge).toHaveText('Certificate: 11 h left');
});
