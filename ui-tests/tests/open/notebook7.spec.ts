import { expect } from '@playwright/test';
import * as fs from 'fs';

import { test } from '../fresh';
import { CTADataPanel, workspacePath } from '../panel';

/** Galata waits for what JupyterLab has; Notebook 7 has less of it. */
test.describe('in Notebook 7', () => {
  test('the panel is a sidebar of the tree', async ({ page, baseURL }) => {
    await page.goto(`${baseURL}/tree`);
    // eslint-disable-next-line jupyter/galata-prefer-menu-helper -- it only knows JupyterLab's.
    await page.getByRole('menuitem', { name: 'View' }).click();
    await page
      .locator('.lm-Menu-item')
      .filter({ hasText: 'Left Sidebar' })
      .click();
    await page
      .locator('.lm-Menu-item')
      .filter({ hasText: 'Show CTA data' })
      .click();
    const panel = new CTADataPanel(page);
    await expect(panel.row('cta')).toBeVisible();
    await panel.row('lst').dblclick();
    await panel.row('some-data-dir').dblclick();
    for (const name of ['README.txt', 'empty', 'README.txt']) {
      await panel.row(name).dblclick();
      await expect(page.locator('.jp-CTAData-preview:visible')).toContainText(
        `read-only: lst/some-data-dir/${name}`
      );
    }
    await panel.toolbarButton('Copy the selection').click();
    await expect(panel.transfer('README.txt')).toHaveClass(/jp-mod-finished/);
    expect(fs.existsSync(workspacePath('open', 'README.txt'))).toBe(true);
    fs.rmSync(workspacePath('open', 'README.txt'));
    await panel.clearTransfers();
  });

  test('a link opens it', async ({ page, baseURL }) => {
    await page.goto(`${baseURL}/tree?cta-path=lst/some-data-dir`);
    const panel = new CTADataPanel(page);
    await expect(panel.row('README.txt')).toBeVisible();
    await expect(page).not.toHaveURL(/cta-path/);
  });

  test('a notebook’s page has it, and takes cells', async ({
    page,
    baseURL
  }) => {
    const kernelspec = {
      name: 'python3',
      display_name: 'Python 3',
      language: 'python'
    };
    const notebook = workspacePath('open', 'seven.ipynb');
    fs.writeFileSync(
      notebook,
      JSON.stringify({
        cells: [],
        metadata: { kernelspec },
        nbformat: 4,
        nbformat_minor: 5
      })
    );
    await page.goto(
      `${baseURL}/notebooks/seven.ipynb?cta-path=lst/some-data-dir`
    );
    const panel = new CTADataPanel(page);
    await panel.row('README.txt').click();
    await panel.menuItem('Insert in Notebook');
    await expect(
      page.locator('.jp-Notebook .jp-Cell').filter({ hasText: 'README.txt' })
    ).toBeVisible();
    fs.rmSync(notebook);
  });
});
