import { expect } from '@jupyterlab/galata';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, spoil, storagePath } from '../panel';

const DL1 = 'cta/DL1/20241114/v0.1';

test.describe('finding', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
    await expect(panel.row('cta')).toBeVisible();
  });

  test.afterEach(() => spoil([]));

  test('completes paths that are typed', async ({ page }) => {
    await panel.root.getByTitle('Type a path').click();
    const box = panel.root.getByRole('combobox', { name: 'Path' });
    const options = panel.root.getByRole('option');
    await box.fill('l');
    await expect(options).toHaveText(['lst/']);
    await box.press('Tab');
    await expect(box).toHaveValue('lst/');
    await expect(options.filter({ hasText: 'some-data-dir' })).toBeVisible();
    await box.pressSequentially('SOME');
    await box.press('ArrowDown');
    await expect(options.first()).toHaveAttribute('aria-selected', 'true');
    await box.press('Enter');
    await expect(panel.row('nested')).toBeVisible();

    // A click on what is offered goes there too.
    await page.keyboard.press('ControlOrMeta+l');
    await box.fill('cta/D');
    await options.filter({ hasText: 'cta/DL1/' }).click();
    await expect(panel.row('20241114')).toBeVisible();
  });

  test('goes back and forward, at once and without asking', async ({
    page
  }) => {
    await panel.open('lst/some-data-dir');
    await panel.row('nested').dblclick();
    await expect(panel.row('pointing.csv')).toBeVisible();
    const asked: string[] = [];
    page.on('request', request => {
      if (request.url().includes('/ctadata/resources/')) {
        asked.push(request.url());
      }
    });
    await page.keyboard.press('Alt+ArrowLeft');
    await expect(panel.row('README.txt')).toBeVisible();
    await expect(panel.row('nested')).toHaveClass(/jp-mod-focused/);
    await panel.toolbarButton('Return to the folder shown before').click();
    await expect(panel.row('pointing.csv')).toBeVisible();
    expect(asked).toEqual([]);
    await panel.grid.focus();
    await page.keyboard.press('F5');
    await expect.poll(() => asked.length).toBe(1);
  });

  test('filters with / and with expressions', async ({ page }) => {
    await panel.open('lst/DL1/20241114/v0.1/tailcut84/muons');
    await panel.grid.focus();
    await page.keyboard.press('/');
    await expect(panel.filter).toBeFocused();
    await panel.filter.fill('*Run{11105..11106}.*');
    await expect(panel.summary).toHaveText('300 of 3,000');
    await panel.filter.fill('re:Run1110[56]\\.00\\d0');
    await expect(panel.summary).toHaveText('20 of 3,000');
    await panel.filter.fill('re:Run(');
    await expect(panel.root.getByRole('alert')).toContainText(
      'Not a regular expression'
    );
    await expect(panel.filter).toHaveAttribute('aria-invalid', 'true');
    await panel.filter.press('Escape');
    await expect(panel.summary).toHaveText('3,000 items');
  });

  test('searches in all that is below', async ({ page }) => {
    await panel.open('cta/DL1');
    await panel.filter.fill('dl1*11111*');
    await panel.root
      .getByRole('button', { name: 'Search in all folders below' })
      .click();
    const line = panel.root.locator('.jp-CTAData-searchLine');
    await expect(line).toContainText(/5 found in 3 folders/);
    await expect(panel.rows).toHaveCount(5);
    await expect(panel.rows.first()).toContainText('20241114/v0.1');
    await panel.row('dl1_LST-1.Run11111.0100.h5').click();
    await panel.menuItem('Show in Its Folder');
    await expect(panel.crumbs.locator(`ol[title="${DL1}"]`)).toBeVisible();
    await expect(panel.selected).toHaveAttribute(
      'title',
      /dl1_LST-1.Run11111.0100.h5/
    );
    await expect(line).toHaveCount(0);

    // One that finds nothing says so, and leads back.
    await panel.filter.fill('nowhere at all');
    await panel.filter.press('Shift+Enter');
    await expect(panel.message).toContainText('No name matches');
    await panel.message.getByRole('button').click();
    await expect(panel.row('dl1_LST-1.Run11111.0100.h5')).toBeVisible();
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });

  test('stops a search, and keeps what it has found', async () => {
    await spoil([{ path: '/v0.1', delay: 20 }]);
    await panel.filter.fill('20241114');
    await panel.filter.press('Shift+Enter');
    const line = panel.root.locator('.jp-CTAData-searchLine');
    await expect(panel.row('20241114').first()).toBeVisible();
    await expect(line).toContainText('so far');
    await line.getByRole('button', { name: 'Stop' }).click();
    await expect(line).not.toContainText('so far');
    await expect(panel.row('20241114').first()).toBeVisible();
    await line.getByRole('button', { name: 'Back to the folder' }).click();
    await expect(panel.row('cta')).toBeVisible();
  });

  test('selects by a pattern, and says how much that is', async ({ page }) => {
    await panel.open(DL1);
    await panel.rows.first().click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Select by Pattern…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('dl1*Run{11111..11112}.01?1.*');
    await expect(dialog.getByRole('status')).toHaveText('2 of 20 match');
    await dialog.getByRole('button', { name: 'Select' }).click();
    await expect(panel.selected).toHaveCount(2);
    await expect(panel.summary).toContainText(/2 selected, [\d.]+ [KM]B/);
  });

  test('shows and hides columns', async ({ page }) => {
    await panel.open(DL1);
    const size = panel.grid.getByRole('columnheader', { name: 'Size' });
    const toggle = async () => {
      await panel.grid
        .getByRole('columnheader', { name: 'Name' })
        .click({ button: 'right' });
      await page
        .locator('.lm-Menu-item[data-command="ctadata:toggle-column"]')
        .filter({ hasText: 'Size' })
        .click();
    };
    await expect(size).toBeVisible();
    await toggle();
    await expect(size).toHaveCount(0);
    await toggle();
    await expect(size).toBeVisible();
  });

  test('keeps favourites, and leads to the user’s own uploads', async ({
    page
  }) => {
    const places = panel.toolbarButton('Go to the storage');
    await panel.open('lst/some-data-dir');
    await places.click();
    await page
      .getByRole('menuitem', { name: 'Add This Folder to the Favourites' })
      .click();
    await places.click();
    await page.getByRole('menuitem', { name: 'My Uploads' }).click();
    await expect(
      panel.crumbs.locator('ol[title="lst/users/alice"]')
    ).toBeVisible();
    await places.click();
    await page
      .getByRole('menuitem', { name: 'some-data-dir', exact: true })
      .click();
    await expect(panel.row('nested')).toBeVisible();
    await places.click();
    await page
      .getByRole('menuitem', { name: 'Remove This Folder from the Favourites' })
      .click();
    await places.click();
    await expect(
      page.getByRole('menuitem', { name: 'some-data-dir', exact: true })
    ).toHaveCount(0);
    await page.keyboard.press('Escape');
  });
});

test('100,000 entries are as handy as three', async ({ page }) => {
  const directory = storagePath('cta/empty/many');
  fs.mkdirSync(directory);
  for (let index = 0; index < 100_000; index += 1) {
    fs.closeSync(fs.openSync(`${directory}/Run${index}.h5`, 'w'));
  }
  const panel = new CTADataPanel(page);
  await panel.show();
  await panel.open('cta/empty/many');
  await expect(panel.summary).toHaveText('100,000 items');
  expect(await panel.rows.count()).toBeLessThan(100);
  await panel.grid.focus();
  await page.keyboard.press('End');
  await expect(panel.row('Run99999.h5')).toBeInViewport();
  await panel.grid
    .getByRole('columnheader', { name: 'Name' })
    .getByRole('button')
    .click();
  await panel.grid.focus();
  await page.keyboard.press('End');
  await expect(panel.row('Run0.h5')).toBeInViewport();
  await panel.filter.fill('Run9999?.h5');
  await expect(panel.summary).toHaveText('10 of 100,000');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ControlOrMeta+a');
  await expect(panel.summary).toContainText('10 selected');
  fs.rmSync(directory, { recursive: true });
});
