import AxeBuilder from '@axe-core/playwright';
import { IJupyterLabPageFixture, expect } from '@jupyterlab/galata';

import { galataTest as test } from '../fresh';
import { CTADataPanel, spoil } from '../panel';

const DL1 = 'cta/DL1/20241114/v0.1';

/** What axe finds wrong with the panel; the rest of the page is JupyterLab's. */
async function violations(page: IJupyterLabPageFixture): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page })
    .include('#ctadata-panel')
    .analyze();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(node => `${id}: ${node.html.slice(0, 200)}`)
  );
}

test.describe('for everybody', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
    await expect(panel.row('cta')).toBeVisible();
  });

  test.afterEach(() => spoil([]));

  for (const theme of [
    'JupyterLab Light',
    'JupyterLab Dark',
    'JupyterLab Dark High Contrast'
  ]) {
    test(`axe finds nothing in ${theme}`, async ({ page }) => {
      await page.theme.setTheme(theme);
      await panel.open(DL1);
      await panel.rows.first().click();
      await panel.toolbarButton('Copy the selection').click();
      await expect(panel.transfers).toHaveClass([/jp-mod-finished/]);
      expect(await violations(page)).toEqual([]);

      await panel.filter.fill('*Run11111.010*');
      await panel.filter.press('Shift+Enter');
      await expect(panel.rows.first()).toBeVisible();
      expect(await violations(page)).toEqual([]);

      await panel.root.getByTitle('Type a path').click();
      await panel.root.getByRole('combobox', { name: 'Path' }).fill('c');
      await expect(panel.root.getByRole('option')).toHaveCount(1);
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');

      await spoil([{ path: '/cta/DL3', status: 403 }]);
      await panel.crumbs.getByTitle('The storage’s top folder').click();
      await panel.row('cta').dblclick();
      await panel.row('DL3').dblclick();
      await expect(panel.message).toContainText('No access');
      expect(await violations(page)).toEqual([]);
      await panel.clearTransfers();
    });
  }

  test('the panel fits into 200 pixels, and into a page at 200 %', async ({
    page
  }, testInfo) => {
    // JupyterLab itself lets no sidebar be narrower than 250 pixels, unless a theme says so.
    await page.addInitScript(() => {
      addEventListener('DOMContentLoaded', () => {
        const style = document.createElement('style');
        style.append('body { --jp-sidebar-min-width: 200px !important; }');
        document.head.appendChild(style);
      });
    });
    await page.reload();
    await panel.show();
    await panel.open(DL1);
    const check = async (name: string) => {
      const overflow = await panel.root.evaluate(
        node => node.scrollWidth - node.clientWidth
      );
      expect(overflow).toBeLessThanOrEqual(0);
      await expect(panel.filter).toBeInViewport();
      await expect(panel.rows.first()).toBeInViewport();
      await expect(panel.summary).toBeInViewport();
      await page.screenshot({ path: testInfo.outputPath(name) });
    };
    await page.sidebar.setWidth(200, 'left');
    const { width } = (await panel.root.boundingBox()) ?? { width: 0 };
    expect(width).toBeLessThanOrEqual(202);
    await check('narrow.png');
    // What a zoom of 200 % leaves of a laptop's screen.
    await page.setViewportSize({ width: 683, height: 384 });
    await check('zoomed.png');
  });

  test('the menu’s key opens the menu of the row with the focus', async ({
    page
  }) => {
    await panel.open(DL1);
    await panel.grid.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ContextMenu');
    await expect(
      page.getByRole('menuitem', { name: 'Download to Workspace' })
    ).toBeVisible();
    await page.keyboard.press('Escape');
  });

  test('Ctrl and arrows move the focus, Ctrl and space add to the selection', async ({
    page
  }) => {
    await panel.open(DL1);
    await panel.grid.focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ControlOrMeta+ArrowDown');
    await page.keyboard.press('ControlOrMeta+ArrowDown');
    await expect(panel.selected).toHaveCount(1);
    await page.keyboard.press('ControlOrMeta+ ');
    await expect(panel.selected).toHaveCount(2);
    await expect(panel.rows.nth(2)).toHaveAttribute('aria-selected', 'true');
  });

  test('Backspace goes up in this panel alone', async ({ page }) => {
    await panel.open(DL1);
    await panel.filter.fill('dl1');
    await panel.filter.press('Backspace');
    await expect(panel.filter).toHaveValue('dl');
    await expect(panel.crumbs.locator(`ol[title="${DL1}"]`)).toBeVisible();
    await panel.grid.focus();
    await page.keyboard.press('Backspace');
    await expect(panel.row('v0.1')).toBeVisible();
  });
});
