import AxeBuilder from '@axe-core/playwright';
import { IJupyterLabPageFixture, expect } from '@jupyterlab/galata';
import * as fs from 'fs';
import { createServer } from 'http';
import { AddressInfo } from 'net';

import { galataTest as test, test as plain } from '../fresh';
import { MARKER, hostileFiles } from '../hostile';
import { CTADataPanel, storagePath, workspacePath } from '../panel';

const FOLDER = 'cta/to open';
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const TABLE =
  '<style>td {color: red}</style><table class="dataframe"><thead><tr><th></th><th colspan="2">events</th></tr></thead>' +
  '<tbody><tr><th>0</th><td>12</td><td>7</td></tr></tbody></table><p>1 rows × 2 columns</p>';
const NOTEBOOK = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { kernelspec: { name: 'python3', display_name: 'Python 3' } },
  cells: [
    {
      id: 'one',
      cell_type: 'markdown',
      source: ['# Crab\n', 'The *first* night.'],
      metadata: {}
    },
    {
      id: 'two',
      cell_type: 'code',
      execution_count: 1,
      source: 'show()',
      metadata: {},
      outputs: [
        { output_type: 'stream', name: 'stdout', text: ['1 %\r', '100 %\n'] },
        {
          output_type: 'execute_result',
          metadata: {},
          data: { 'text/html': TABLE, 'text/plain': 'a table' }
        },
        {
          output_type: 'display_data',
          metadata: {},
          data: { 'image/png': PIXEL, 'text/plain': '<Figure>' }
        },
        {
          output_type: 'error',
          ename: 'ValueError',
          evalue: 'no',
          traceback: ['\x1b[0;31mValueError\x1b[0m: no events']
        }
      ]
    }
  ]
};

const FILES: Record<string, string | Buffer> = {
  'notes #1.txt': 'first line\r\nsecond line\r\n',
  'camera.png': Buffer.from(PIXEL, 'base64'),
  'pointing.csv': 'alt,az\n70.5,"180,0"\n',
  'config.json': '{"tailcut": 84, "runs": [{"id": 11111}]}',
  'analysis.ipynb': JSON.stringify(NOTEBOOK),
  'run 7': 'a text without an ending',
  'blob.bin': Buffer.from([0, 1, 2, 255]),
  'large.txt': 'x'.repeat(11 * 2 ** 20)
};

function write(files: Record<string, string | Buffer>): void {
  fs.mkdirSync(storagePath(FOLDER), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    fs.writeFileSync(storagePath(FOLDER, name), content);
  }
}

/** The document of that name, in the main area. */
async function opened(page: IJupyterLabPageFixture, name: string) {
  const tab = page.locator('.jp-mod-current[role="tab"]').filter({
    hasText: name
  });
  await expect(tab).toBeVisible();
  return page.locator(`[id="${(await tab.getAttribute('data-id')) ?? ''}"]`);
}

/** Close the document shown; JupyterLab has nothing to ask. */
async function close(page: IJupyterLabPageFixture, name: string) {
  const tab = page.locator('#jp-main-dock-panel').getByRole('tab', { name });
  await tab.locator('.lm-TabBar-tabCloseIcon').click();
  await expect(tab).toHaveCount(0);
  await expect(page.getByRole('dialog')).toHaveCount(0);
}

test.describe('files are shown to read:', () => {
  let panel: CTADataPanel;

  test.beforeEach(async ({ page }) => {
    write(FILES);
    panel = new CTADataPanel(page);
    await panel.show();
    await panel.open(FOLDER);
  });

  test('text', async ({ page }) => {
    await panel.row('notes #1.txt').dblclick();
    const document = await opened(page, 'notes #1.txt');
    const text = document.locator('.cm-content');
    await expect(text).toContainText('second line');
    await expect(document).toContainText('read-only');
    await expect(text).toBeFocused();
    await page.keyboard.type('mine');
    await expect(text).not.toContainText('mine');
    await page.keyboard.press('ControlOrMeta+f');
    await document.getByPlaceholder('Find').pressSequentially('second\n');
    await expect(document.locator('.cm-searchMatch-selected')).toHaveText(
      'second'
    );
    await close(page, 'notes #1.txt');

    await panel.row('run 7').dblclick();
    await expect(await opened(page, 'run 7')).toContainText(
      'without an ending'
    );
  });

  test('an image', async ({ page }) => {
    await panel.row('camera.png').dblclick();
    const document = await opened(page, 'camera.png');
    await expect(document.locator('img')).toHaveJSProperty('naturalWidth', 1);
    await document.getByTitle('Show in full size').click();
    await expect(document.getByRole('button', { pressed: true })).toBeVisible();
    await close(page, 'camera.png');
  });

  test('a table', async ({ page }) => {
    await panel.row('pointing.csv').focus();
    await panel.row('pointing.csv').click();
    await page.keyboard.press('Enter');
    const table = (await opened(page, 'pointing.csv')).getByRole('table');
    await expect(table.getByRole('columnheader')).toHaveText([
      '#',
      'alt',
      'az'
    ]);
    await expect(table.getByRole('cell')).toHaveText(['70.5', '180,0']);
    await close(page, 'pointing.csv');
  });

  test('JSON', async ({ page }) => {
    await panel.row('config.json').dblclick();
    const tree = (await opened(page, 'config.json')).getByRole('tree');
    const items = tree.getByRole('treeitem');
    await expect(items).toHaveText([
      '{ } 2 keys',
      'tailcut84',
      'runs[ ] 1 item'
    ]);
    await tree.focus();
    for (const key of ['End', 'ArrowRight', 'ArrowRight', 'Enter', 'End']) {
      await page.keyboard.press(key);
    }
    await expect(items.last()).toHaveText('id11111');
    await expect(items.last()).toHaveAttribute('aria-level', '4');
    await expect(items.last()).toHaveAttribute('aria-selected', 'true');
    await items.nth(2).click();
    await expect(items).toHaveCount(3);
    await close(page, 'config.json');
  });

  test('a notebook, without a kernel', async ({ page }) => {
    await panel.row('analysis.ipynb').dblclick();
    const document = await opened(page, 'analysis.ipynb');
    await expect(document).toContainText('The *first* night.');
    await expect(document).toContainText('[1]:show()');
    await expect(document.locator('pre').nth(2)).toHaveText('100 %\n');
    await expect(document.locator('td')).toHaveText([
      ...['', 'events'],
      ...['0', '12', '7']
    ]);
    await expect(document.locator('img')).toHaveJSProperty('naturalWidth', 1);
    await expect(document.locator('pre').last()).toHaveText(
      'ValueError: no events'
    );
    await expect(document).not.toContainText(/Figure|color|not shown/);
    // What people do all the time.
    await page.keyboard.press('ControlOrMeta+s');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await close(page, 'analysis.ipynb');
  });

  test('also after a reload', async ({ page }) => {
    const saved = page.waitForResponse(
      response =>
        response.request().method() === 'PUT' &&
        (response.request().postData() ?? '').includes(
          '"widgets":["ctadata-preview:cta/to open/notes #1.txt"]'
        )
    );
    await panel.row('notes #1.txt').dblclick();
    await opened(page, 'notes #1.txt');
    await saved;
    await page.reload({ waitForIsReady: false });
    await expect(page.locator('.jp-CTAData-preview')).toContainText(
      'second line'
    );
  });

  test('or not, and why', async ({ page }) => {
    const dialog = page.getByRole('dialog');
    for (const [name, reason] of [
      ['large.txt', 'Too large to preview'],
      ['blob.bin', 'no viewer for this kind of file']
    ]) {
      await panel.row(name).dblclick();
      await expect(dialog).toContainText('Download to the workspace?');
      await expect(dialog).toContainText(reason);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await expect(dialog).toHaveCount(0);
    }
    await panel.open('cta/DL1/20241114/v0.1');
    await panel.row('dl1_LST-1.Run11111.0100.h5').dblclick();
    await expect(dialog).toContainText('no viewer for this kind of file');
  });

  test('what has gone is said, not opened', async ({ page }) => {
    const gone = storagePath(FOLDER, 'gone.txt');
    fs.writeFileSync(gone, 'here');
    await panel.root.getByTitle('Reload this folder').click();
    await panel.row('gone.txt').click();
    fs.rmSync(gone);
    await page.keyboard.press('Enter');
    await expect
      .poll(async () => JSON.stringify(await page.notifications))
      .toContain('gone.txt');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await expect(page.getByRole('tab', { name: 'gone.txt' })).toHaveCount(0);
  });

  test('what took long is put behind what was opened meanwhile', async ({
    page
  }) => {
    let release = () => {};
    const released = new Promise<void>(resolve => {
      release = resolve;
    });
    await page.route(/files\/.*run%207/, async route => {
      await released;
      await route.continue();
    });
    await panel.row('run 7').dblclick();
    await panel.row('config.json').dblclick();
    await opened(page, 'config.json');
    release();
    await expect(page.getByRole('tab', { name: 'run 7' })).toBeVisible();
    await opened(page, 'config.json');
  });

  test('axe finds nothing', async ({ page }) => {
    for (const theme of ['JupyterLab Light', 'JupyterLab Dark']) {
      await page.theme.setTheme(theme);
      for (const name of [
        'notes #1.txt',
        'camera.png',
        'pointing.csv',
        'config.json',
        'analysis.ipynb'
      ]) {
        await panel.row(name).dblclick();
        await (await opened(page, name)).getByText('read-only').waitFor();
        const { violations } = await new AxeBuilder({ page })
          .include('.jp-CTAData-preview:not(.lm-mod-hidden)')
          .analyze();
        expect(
          violations.flatMap(({ id, nodes }) =>
            nodes.map(node => `${name}: ${id}: ${node.html.slice(0, 200)}`)
          )
        ).toEqual([]);
      }
    }
  });
});

test.describe('hostile files', () => {
  /** What JupyterLab does by itself: it looks at its own folder and at what runs, and saves where its tabs are. */
  const OWN = [
    /^GET \/api\/(kernels|sessions|terminals|kernelspecs)$/,
    /^(GET|PUT) \/lab\/api\/workspaces\b/,
    /^GET \/(static\/lab|lab\/extensions)\//
  ];
  const OURS = /^GET \/ctadata\/(files|resources|status|transfers|workspace)\b/;

  test('run nothing and ask nobody', async ({ page, baseURL, tmpPath }) => {
    // Another host, that must not be asked.
    const away: string[] = [];
    const stranger = createServer((request, response) => {
      away.push(request.url ?? '');
      response.end();
    });
    await new Promise<void>(resolve =>
      stranger.listen(0, '127.0.0.1', resolve)
    );
    const { port } = stranger.address() as AddressInfo;
    fs.writeFileSync(workspacePath('open', 'secret.txt'), '{"a": "secret"}');
    const files = hostileFiles(
      `http://127.0.0.1:${port}`,
      `${baseURL}/api/contents/secret.txt?content=1`
    );
    write(
      Object.fromEntries(
        Object.entries(files).map(([name, [content]]) => [name, content])
      )
    );
    const panel = new CTADataPanel(page);
    await panel.show();
    await panel.open(FOLDER);

    const asked: string[] = [];
    page.on('request', request => {
      const url = new URL(request.url());
      if (url.protocol !== 'blob:') {
        asked.push(
          url.origin === baseURL
            ? `${request.method()} ${url.pathname}`
            : request.url()
        );
      }
    });
    for (const [name, [, shown]] of Object.entries(files)) {
      await panel.row(name).dblclick();
      const document = await opened(page, name);
      await expect(document).toContainText(shown);
      await expect(
        document.locator('a, iframe, video, object, svg a')
      ).toHaveCount(0);
      await document.click({ position: { x: 200, y: 60 } });
      await close(page, name);
    }
    // What was asked before is told before this.
    await page.evaluate(() => fetch('/ctadata/status'));
    await expect.poll(() => asked.at(-1)).toBe('GET /ctadata/status');
    const own = [`GET /api/contents/${tmpPath}`, 'GET /api/contents'];
    expect(
      asked.filter(
        what =>
          !own.includes(what) && ![OURS, ...OWN].some(known => known.test(what))
      )
    ).toEqual([]);
    expect(
      asked.filter(what => what.startsWith('GET /ctadata/files/'))
    ).toHaveLength(Object.keys(files).length);
    expect(away).toEqual([]);
    expect(await page.evaluate(marker => marker in window, MARKER)).toBe(false);
    await new Promise(resolve => stranger.close(resolve));
  });

  // Galata waits for a page without anything to complain about.
  plain('are no documents for anybody else', async ({ page, baseURL }) => {
    write({ 'evil.html': `<script>window.${MARKER} = true</script>` });
    const asked: string[] = [];
    page.on('request', request => asked.push(request.url()));
    const path = `cta:${FOLDER}/evil.html`;
    const dialog = page.getByRole('dialog');
    await page.goto(`${baseURL}/lab/tree/${encodeURIComponent(path)}?reset`);
    // It is looked for in the workspace, as any other name is.
    await expect(dialog.filter({ hasText: 'evil.html' })).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    const local = page.waitForRequest(/\/api\/contents\/cta/);
    await page.evaluate(drivePath => {
      const factory = 'HTML Viewer';
      // It ends when somebody has read what is wrong.
      void window.jupyterapp.commands.execute('docmanager:open', {
        path: drivePath,
        factory
      });
    }, path);
    await local;
    expect(asked.filter(url => url.includes('/ctadata/files/'))).toEqual([]);
    expect(await page.evaluate(marker => marker in window, MARKER)).toBe(false);
  });
});
