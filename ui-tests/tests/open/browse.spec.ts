import { expect } from '@jupyterlab/galata';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, storagePath } from '../panel';

const MUONS = 'lst/DL1/20241114/v0.1/tailcut84/muons';

test.describe('browsing', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    await panel.show();
  });

  test('shows the top, goes into folders and back', async ({ page }) => {
    await expect(panel.row('cta')).toHaveAttribute('data-isdir', 'true');
    await expect(panel.summary).toHaveText('2 items');
    await panel.row('cta').dblclick();
    await panel.row('DL1').dblclick();
    await panel.row('20241114').dblclick();
    await expect(panel.row('v0.1')).toBeVisible();
    await expect(panel.crumbs.getByRole('listitem')).toHaveText([
      '',
      'cta',
      'DL1',
      '20241114'
    ]);

    await panel.crumbs.getByRole('button', { name: 'cta' }).click();
    // The folder that one comes from is where the keyboard goes on.
    await expect(panel.row('DL1')).toHaveClass(/jp-mod-focused/);
    await page.keyboard.press('Backspace');
    await expect(panel.row('lst')).toBeVisible();
  });

  test('shows names as they are', async () => {
    await panel.open('cta/odd names');
    for (const name of [
      'two words.txt',
      'run #7.txt',
      '50% of it.txt',
      '%41 is not A.txt',
      'why?.txt',
      'a+b & c=d.txt',
      'Übergröße λόγος.txt'
    ]) {
      await expect(panel.row(name)).toBeVisible();
    }
    await panel.row('folder #1').dblclick();
    await expect(panel.row('100%.txt')).toBeVisible();
  });

  test('shows what is hidden in names', async () => {
    const folder = 'odd\u2066 folder';
    const shown = 'odd\\u2066 folder';
    const names = {
      'photo\u202egpj.exe': 'photo\\u202egpj.exe',
      'da\u200bta.h5': 'da\\u200bta.h5',
      'astronaut 👩\u200d🚀.txt': 'astronaut 👩\u200d🚀.txt'
    };
    fs.mkdirSync(storagePath('lst', folder));
    for (const name of Object.keys(names)) {
      fs.writeFileSync(storagePath('lst', folder, name), '');
    }
    await panel.open('lst');
    await panel.row(shown).dblclick();
    for (const name of Object.values(names)) {
      await expect(panel.row(name).locator('.jp-CTAData-nameText')).toHaveText(
        name
      );
    }
    await expect(panel.crumbs.getByRole('listitem')).toHaveText([
      '',
      'lst',
      shown
    ]);
    // Such a path can be typed as it is shown.
    await panel.root.getByTitle('Type a path').click();
    const box = panel.root.getByRole('combobox', { name: 'Path' });
    await expect(box).toHaveValue(`lst/${shown}`);
    await box.fill(`lst/${shown}/pho`);
    await expect(panel.root.getByRole('option')).toHaveText(
      `lst/${shown}/photo\\u202egpj.exe`
    );
    await box.fill(`lst/${shown}`);
    await box.press('Enter');
    await expect(panel.row('da\\u200bta.h5')).toBeVisible();
    fs.rmSync(storagePath('lst', folder), { recursive: true });
  });

  test('is quick with 3,000 entries', async ({ page }) => {
    await panel.open('lst/DL1/20241114/v0.1/tailcut84');
    await panel.row('muons').click();
    // The time that the page's own thread has worked: another process may be busy, too.
    // What galata calls a page is none to Playwright.
    const plain = panel.root.page();
    const session = await plain.context().newCDPSession(plain);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const worked = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
    };
    const before = await worked();
    await page.evaluate(async () => {
      const row = document.querySelector('.jp-CTAData-row.jp-mod-selected');
      row?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
      await new Promise<void>(resolve => {
        const look = () =>
          document.querySelector('.jp-CTAData-row[title*="muons_LST"]')
            ? resolve()
            : requestAnimationFrame(look);
        look();
      });
    });
    expect((await worked()) - before).toBeLessThan(2);
    await expect(panel.summary).toHaveText('3,000 items');
    await expect(panel.grid).toHaveAttribute('aria-rowcount', '3001');
    expect(await panel.rows.count()).toBeLessThan(100);

    await panel.grid.hover();
    await page.mouse.wheel(0, 36_000);
    await expect(panel.row('muons_LST-1.Run11111.0000.ecsv')).toBeInViewport();
    await panel.grid.focus();
    await page.keyboard.press('End');
    await expect(panel.row('muons_LST-1.Run11120.0149.ecsv')).toBeInViewport();
  });

  test('sorts by each column', async () => {
    await panel.open('cta/DL1/20241114/v0.1');
    const first = panel.rows.first();
    const header = (name: string) =>
      panel.grid.getByRole('columnheader', { name });
    await expect(first).toContainText('datacheck_dl1_LST-1.Run11111.0000.h5');
    await header('Name').getByRole('button').click();
    await expect(header('Name')).toHaveAttribute('aria-sort', 'descending');
    await expect(first).toContainText('dl1_LST-1.Run11112.0101.h5');
    await header('Size').getByRole('button').click();
    await expect(header('Size')).toHaveAttribute('aria-sort', 'descending');
    await expect(first).toContainText(/^dl1_/);
    await header('Size').getByRole('button').click();
    await expect(first).toContainText(/^datacheck_/);
  });

  test('filters by parts of names and by patterns', async ({ page }) => {
    await panel.open(MUONS);
    await panel.filter.fill('RUN11105');
    await expect(panel.summary).toHaveText('150 of 3,000');
    await panel.filter.fill('*11105*.01?0.ecsv');
    await expect(panel.summary).toHaveText('5 of 3,000');
    await expect(panel.rows).toHaveCount(5);
    await panel.filter.fill('nothing like it');
    await expect(panel.message).toContainText(
      'Nothing matches “nothing like it”'
    );
    await panel.message.getByRole('button').click();
    await expect(panel.summary).toHaveText('3,000 items');
    await page.keyboard.press('ControlOrMeta+f');
    await expect(panel.filter).toBeFocused();
  });

  test('selects with the keyboard', async ({ page }) => {
    await panel.open('cta/DL1/20241114/v0.1');
    await panel.grid.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await expect(panel.selected).toHaveCount(2);
    await expect(panel.summary).toContainText('2 selected');
    await page.keyboard.press('Shift+End');
    await expect(panel.selected).toHaveCount(20);
    await page.keyboard.press('Home');
    await expect(panel.selected).toHaveCount(1);
    await page.keyboard.press('ControlOrMeta+a');
    await expect(panel.summary).toContainText('20 selected');
    await page.keyboard.press('Escape');
    await expect(panel.selected).toHaveCount(0);
    await page.keyboard.type('dl1');
    await expect(panel.selected).toHaveAttribute(
      'title',
      /dl1_LST-1.Run11111.0000.h5/
    );
    const focused = await panel.grid.getAttribute('aria-activedescendant');
    await expect(panel.selected).toHaveId(focused ?? '');

    await panel.rows.nth(3).click({ modifiers: ['ControlOrMeta'] });
    await expect(panel.selected).toHaveCount(2);
    await panel.rows.nth(5).click({ modifiers: ['Shift'] });
    await expect(panel.selected).toHaveCount(3);
  });

  test('opens folders and goes up with the keyboard', async () => {
    await panel.grid.pressSequentially('lst');
    await panel.grid.press('Enter');
    await expect(panel.row('some-data-dir')).toBeVisible();
    await panel.grid.press('Backspace');
    await expect(panel.row('lst')).toHaveClass(/jp-mod-focused/);
    await panel.grid.press('Enter');
    await expect(panel.row('some-data-dir')).toBeVisible();
  });

  test('goes to a typed path', async ({ page }) => {
    await panel.root.getByTitle('Type a path').click();
    const box = panel.root.getByRole('combobox', { name: 'Path' });
    await box.fill('/lst/some-data-dir/');
    await box.press('Enter');
    await expect(panel.row('nested')).toBeVisible();
    await expect(panel.grid).toBeFocused();

    // A file's path: its folder, the file selected.
    await page.keyboard.press('ControlOrMeta+l');
    await box.fill('cta/odd names/why?.txt');
    await box.press('Enter');
    await expect(panel.row('why?.txt')).toHaveClass(/jp-mod-selected/);

    // A wrong one: said where it was typed, and nothing else changes.
    await page.keyboard.press('ControlOrMeta+l');
    await box.fill('cta/nowhere');
    await box.press('Enter');
    await expect(panel.root.getByRole('alert')).toContainText('cta/nowhere');
    await box.press('Escape');
    await expect(panel.row('why?.txt')).toBeVisible();
  });

  test('comes back to the same folder after a reload', async ({ page }) => {
    const saved = page.waitForResponse(
      response =>
        response.request().method() === 'PUT' &&
        (response.request().postData() ?? '').includes('some-data-dir')
    );
    await panel.open('lst/some-data-dir');
    await expect(panel.row('nested')).toBeVisible();
    await saved;
    await page.reload();
    await panel.show();
    await expect(panel.row('nested')).toBeVisible();
  });
});
