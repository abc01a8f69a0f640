import { IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import * as fs from 'fs';
import * as path from 'path';

import { galataTest as test } from '../fresh';
import { CTADataPanel, HUGE_FILE, HUGE_FOLDER, workspacePath } from '../panel';

test.use({
  // The folder is seen in the pictures.
  tmpPath: 'crab',
  viewport: { width: 1120, height: 680 }
});

test.beforeEach(() => {
  fs.mkdirSync(workspacePath('open', 'crab'));
});

test.afterEach(() => {
  fs.rmSync(workspacePath('open', 'crab'), { recursive: true });
});

/** Show what the README wants to show: a night's files, two chosen, some downloaded, one running. */
async function arrange(page: IJupyterLabPageFixture): Promise<CTADataPanel> {
  const panel = new CTADataPanel(page);
  await panel.show();
  await page.sidebar.setWidth(440, 'left');
  await panel.open('cta/DL1/20241114/v0.1');
  await panel.row('dl1_LST-1.Run11111.0099.h5').click();
  await panel.toolbarButton('Copy the selection').click();
  await expect(panel.transfers.first()).toHaveClass(/jp-mod-finished/);
  await panel.open(HUGE_FOLDER);
  await panel.row(HUGE_FILE).click();
  await panel.downloadLarge();
  await panel.open('cta/DL1/20241114/v0.1');
  await panel.filter.fill('dl1*11111*');
  await panel.row('dl1_LST-1.Run11111.0100.h5').click();
  await panel
    .row('dl1_LST-1.Run11111.0101.h5')
    .click({ modifiers: ['ControlOrMeta'] });
  await expect(panel.transfer(HUGE_FILE)).toContainText('left');
  return panel;
}

/** The README's picture goes to its place only when that is wanted. */
function target(name: string, outputPath: (name: string) => string): string {
  return process.env.CTADATA_SCREENSHOTS
    ? path.join(__dirname, '../../../docs/images', name)
    : outputPath(name);
}

for (const [theme, file] of [
  ['JupyterLab Light', 'panel.png'],
  ['JupyterLab Dark', 'panel-dark.png']
]) {
  test(`takes a picture in ${theme}`, async ({ page }, testInfo) => {
    await page.theme.setTheme(theme);
    const panel = await arrange(page);
    const background = () =>
      panel.root.evaluate(node => getComputedStyle(node).backgroundColor);
    expect(await background()).toBe(
      theme.endsWith('Dark') ? 'rgb(33, 33, 33)' : 'rgb(255, 255, 255)'
    );
    await page.screenshot({
      path: target(file, name => testInfo.outputPath(name))
    });
    await panel
      .transfer(HUGE_FILE)
      .getByRole('button', { name: `Cancel ${HUGE_FILE}` })
      .click();
    await expect(panel.transfer(HUGE_FILE)).toContainText('Cancelled');
    await panel.root.getByRole('button', { name: /^Clear ended/ }).click();
    await expect(panel.transfers).toHaveCount(0);
  });
}
