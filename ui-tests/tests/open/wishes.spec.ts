import { expect } from '@jupyterlab/galata';
import { Request } from '@playwright/test';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, drop, storagePath } from '../panel';

const OWN = 'lst/users/alice';

declare global {
  interface Window {
    /** What our code listens to on the whole page, and how often. */
    ctadataListeners: string[];
  }
}

test.describe('what the user wants', () => {
  let panel: CTADataPanel;

  test.beforeEach(({ page }) => {
    panel = new CTADataPanel(page);
  });

  for (const late of [
    /ctadata\/resources\/(\?|$)/,
    /ctadata\/status/,
    /ctadata\/home-directory/,
    /ctadata\/transfers/,
    /ctadata\/certificates/
  ]) {
    test(`is shown although an answer comes late that the panel asks for: ${late.source}`, async ({
      page
    }) => {
      let release = () => {};
      const released = new Promise<void>(resolve => {
        release = resolve;
      });
      // Those that were not needed any more have been aborted.
      const ends: Promise<unknown>[] = [];
      await page.route(late, async route => {
        const itself = {
          predicate: (request: Request) => request === route.request(),
          timeout: 0
        };
        ends.push(
          Promise.race([
            page.waitForEvent('requestfinished', itself),
            page.waitForEvent('requestfailed', itself)
          ])
        );
        await released;
        await route.continue();
      });
      await page.reload();
      await panel.show();
      await panel.open('lst');
      await panel.filter.fill('some');
      release();
      expect(ends.length).toBeGreaterThan(0);
      await Promise.all(ends);
      await expect(panel.rows).toHaveCount(1);
      await expect(panel.row('some-data-dir')).toBeVisible();
      await expect(panel.filter).toHaveValue('some');
      await expect(panel.crumbs.locator('ol[title="lst"]')).toBeVisible();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    });
  }

  test('is not lost when JupyterLab takes the focus', async ({ page }) => {
    await panel.show();
    await panel.root.getByTitle('Type a path').click();
    const box = panel.root.getByRole('combobox', { name: 'Path' });
    await box.fill('lst/some');
    await page.evaluate(() =>
      document.querySelector<HTMLElement>('#jp-main-dock-panel')?.focus()
    );
    await page.getByRole('searchbox', { name: 'Filter by name' }).focus();
    await expect(box).toHaveValue('lst/some');
    await box.fill('lst/some-data-dir');
    await box.press('Enter');
    await expect(panel.row('README.txt')).toBeVisible();

    // Whoever clicks elsewhere, or goes on with the key for that, has done with it.
    await panel.root.getByTitle('Type a path').click();
    await panel.row('README.txt').click();
    await expect(box).toHaveCount(0);
    await panel.root.getByTitle('Type a path').click();
    await box.press('Shift+Tab');
    await expect(box).toHaveCount(0);
  });

  test('replaces what was wanted before', async ({ page }) => {
    await panel.show();
    let release = () => {};
    const released = new Promise<void>(resolve => {
      release = resolve;
    });
    await page.route(/resources\/cta/, async route => {
      await released;
      await route.continue().catch(() => undefined);
    });
    await panel.root.getByTitle('Type a path').click();
    const box = panel.root.getByRole('combobox', { name: 'Path' });
    await box.fill('cta/DL1');
    await box.press('Enter');
    await panel.row('lst').dblclick();
    await expect(panel.row('some-data-dir')).toBeVisible();
    release();
    await page.unrouteAll({ behavior: 'wait' });
    await expect(panel.crumbs.locator('ol[title="lst"]')).toBeVisible();
    await expect(panel.root.getByRole('alert')).toHaveCount(0);
  });

  test('is the path that is being typed, whatever was asked for before', async ({
    page
  }) => {
    await panel.show();
    await expect(panel.row('cta')).toBeVisible();
    const box = panel.root.getByRole('combobox', { name: 'Path' });
    const options = panel.root.getByRole('option');
    const held: (() => Promise<void>)[] = [];
    await page.route(/resources\/cta\/DL1/, route => {
      held.push(() => route.continue().catch(() => undefined));
    });

    // Enter twice, then another path: neither answer takes that away.
    await panel.root.getByTitle('Type a path').click();
    await box.fill('cta/DL1');
    await box.press('Enter');
    await box.press('Enter');
    await expect.poll(() => held.length).toBe(2);
    await box.fill('lst/some');
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await Promise.all(held.map(go => go()));
    await expect(options).toHaveText(['lst/some-data-dir/']);
    await expect(box).toHaveValue('lst/some');
  });

  test('opens the menu of places although the storage lets wait', async ({
    page
  }) => {
    await page.route(/ctadata\/resources\/(\?|$)/, () => undefined);
    await page.reload();
    await panel.show();
    await panel.toolbarButton('Go to the storage').click();
    await page.getByRole('menuitem', { name: 'My Uploads' }).click();
    await panel.crumbs.locator(`ol[title="${OWN}"]`).waitFor();
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  });
});

test('two files whose names look the same are asked about, and both are kept', async ({
  page
}, info) => {
  const panel = new CTADataPanel(page);
  await panel.show();
  await panel.open(OWN);
  // Of two that have the very same name Chromium itself gives one another.
  const names = ['caf\u00e9.txt', 'cafe\u0301.txt'];
  const files = names.map(name => {
    const file = info.outputPath(name);
    fs.writeFileSync(file, name);
    return file;
  });
  await drop(panel.root.locator('.jp-CTAData-browser'), files);
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Upload' }).click();
  await expect(dialog).toContainText('Two files with the same name');
  await expect(dialog.getByRole('button', { name: 'Replace' })).toHaveCount(0);
  await dialog.getByRole('button', { name: 'Keep Both' }).click();
  await expect(panel.transfers).toHaveClass([
    /jp-mod-finished/,
    /jp-mod-finished/
  ]);
  const stored = ['caf\u00e9.txt', 'cafe\u0301 (1).txt'].map(name =>
    fs.readFileSync(storagePath(OWN, name), 'utf8')
  );
  expect(stored).toEqual(names);
});

test('nothing listens to the page when the panel is gone', async ({ page }) => {
  await page.addInitScript(() => {
    const listening: string[] = (window.ctadataListeners = []);
    const { addEventListener, removeEventListener } = EventTarget.prototype;
    const removed = (key: string) => {
      const index = listening.indexOf(key);
      if (index >= 0) {
        listening.splice(index, 1);
      }
    };
    const ids = new WeakMap<object, number>();
    let count = 0;
    const keyOf = (type: string, listener: object, options: unknown) => {
      ids.set(listener, ids.get(listener) ?? (count += 1));
      const capture =
        typeof options === 'object'
          ? (options as { capture?: boolean } | null)?.capture
          : options;
      return `${type} ${ids.get(listener)} ${capture === true}`;
    };
    const isPage = (target: unknown) =>
      target === window || target === document || target === document.body;
    EventTarget.prototype.addEventListener = function (
      type,
      listener,
      options
    ) {
      // The frame above this one is whoever has called it.
      const caller = (new Error().stack ?? '').split('\n')[2] ?? '';
      if (listener && isPage(this ?? window) && caller.includes('/ctadata/')) {
        const key = keyOf(type, listener, options);
        listening.push(key);
        if (typeof options === 'object') {
          addEventListener.call(
            options.signal ?? new EventTarget(),
            'abort',
            () => removed(key)
          );
        }
      }
      return addEventListener.call(this ?? window, type, listener, options);
    };
    EventTarget.prototype.removeEventListener = function (
      type,
      listener,
      options
    ) {
      if (listener && isPage(this ?? window)) {
        removed(keyOf(type, listener, options));
      }
      return removeEventListener.call(this ?? window, type, listener, options);
    };
  });
  await page.reload();
  const panel = new CTADataPanel(page);
  await panel.show();
  await panel.row('lst').click();
  await panel.row('lst').hover();
  await page.mouse.down();
  await page.mouse.up();
  await panel.root.getByTitle('Type a path').click();
  const listening = () => page.evaluate(() => window.ctadataListeners);
  const kinds = (await listening()).map(key => key.split(' ')[0]);
  expect(kinds).toEqual(
    expect.arrayContaining(['online', 'beforeunload', 'visibilitychange'])
  );
  expect(kinds).toContain('keydown');
  await page.evaluate(() => {
    const { shell } = (window as never as { jupyterapp: never })[
      'jupyterapp'
    ] as {
      shell: {
        widgets(area: string): Iterable<{ id: string; dispose(): void }>;
      };
    };
    [...shell.widgets('left')]
      .find(({ id }) => id === 'ctadata-panel')
      ?.dispose();
  });
  await expect(panel.root).toHaveCount(0);
  await expect.poll(listening).toEqual([]);
});
