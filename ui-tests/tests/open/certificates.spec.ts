import AxeBuilder from '@axe-core/playwright';
import { IJupyterLabPageFixture, expect, galata } from '@jupyterlab/galata';
import { Locator } from '@playwright/test';
import * as fs from 'fs';

import { galataTest as test } from '../fresh';
import { CTADataPanel, certificatePath, drop, spoil } from '../panel';

const ADA = '/DC=org/DC=ctadata-demo/O=Observatory/CN=Ada Lovelace';
const THEMES = [
  'JupyterLab Light',
  'JupyterLab Dark',
  'JupyterLab Dark High Contrast'
];

/** The lines of a file's private key. */
function keyLines(name: string): string[] {
  const pem = fs.readFileSync(certificatePath(name), 'utf8');
  const [, key] = pem.split(/-----(?:BEGIN|END) [A-Z ]*KEY-----/);
  return key.split('\n').filter(line => line.length > 40);
}

/** The dialog, as somebody sees it who uses it. */
class Dialog {
  readonly root: Locator;
  readonly chooseButton: Locator;
  readonly foundButton: Locator;
  readonly uploadButton: Locator;
  readonly look: Locator;
  readonly findings: Locator;
  readonly delegated: Locator;
  /** What was asked of the server so far: "PUT cta". */
  readonly asked: string[] = [];

  constructor(readonly page: IJupyterLabPageFixture) {
    this.root = page.getByRole('dialog', { name: 'Delegate a Certificate' });
    const button = (name: string) =>
      this.root.getByRole('button', { name, exact: true });
    this.chooseButton = button('Choose File…');
    this.foundButton = button('Use the Proxy Found on This Server');
    this.uploadButton = button('Upload');
    this.look = this.root.getByRole('region', { name: 'Chosen certificate' });
    this.findings = this.look
      .getByRole('list', { name: 'Findings' })
      .getByRole('listitem');
    this.delegated = this.root.getByRole('region', {
      name: 'Delegated from here'
    });
    page.on('request', request => {
      const [, path] = request.url().split('/ctadata/certificates/');
      if (path !== undefined) {
        this.asked.push(`${request.method()} ${path.replace(/\?.*/, '')}`);
      }
    });
  }

  /** What was sent to be uploaded. */
  get uploads(): string[] {
    return this.asked.filter(line => line.startsWith('PUT'));
  }

  async open(): Promise<void> {
    await this.page.evaluate(() => {
      void window.jupyterapp.commands.execute('ctadata:delegate-certificate');
    });
    await expect(this.chooseButton).toBeFocused();
  }

  /** Choose one of the files that were made for the tests. */
  async choose(name: string): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.chooseButton.click();
    await (await chooser).setFiles(certificatePath(name));
    await expect(this.look.getByRole('heading')).toHaveText(`In ${name}`);
  }

  async close(): Promise<void> {
    await this.root.getByRole('button', { name: 'Close' }).click();
    await expect(this.root).toHaveCount(0);
  }

  /** What a heading says that has the focus. */
  heading(text: string | RegExp): Locator {
    return this.root.getByRole('heading').filter({ hasText: text });
  }
}

/** Upload what a notebook would upload. */
async function uploadElsewhere(
  page: IJupyterLabPageFixture,
  name: string,
  key: string
): Promise<void> {
  const answer = await page.request.put(`ctadata/certificates/${key}`, {
    data: fs.readFileSync(certificatePath(name)),
    headers: { 'Content-Type': 'application/octet-stream' }
  });
  expect(answer.status()).toBe(200);
}

/** Let nothing be about to expire but what a test makes so. */
async function prepare(page: IJupyterLabPageFixture): Promise<void> {
  for (const key of ['cta', 'lst', 'arc']) {
    await uploadElsewhere(page, 'good.pem', key);
  }
}

/** Come back to the page: then the server is asked. */
async function comeBack(page: IJupyterLabPageFixture): Promise<void> {
  await page.evaluate(() =>
    document.dispatchEvent(new Event('visibilitychange'))
  );
}

test.describe('certificates', () => {
  let panel: CTADataPanel;
  let dialog: Dialog;

  test.beforeEach(async ({ page }) => {
    panel = new CTADataPanel(page);
    dialog = new Dialog(page);
    await prepare(page);
    await panel.show();
  });

  test.afterEach(() => spoil([]));

  test('is offered where the service has none, and then shows the folder', async ({
    page
  }) => {
    const body = 'Error while retrieving certificate: it has expired';
    await spoil([{ path: '/list', status: 400, body }]);
    await page.route(/ctadata\/home-directory/, route =>
      route.fulfill({
        status: 424,
        json: { code: 'certificate-needed', message: 'A certificate!' }
      })
    );
    await page.reload();
    await panel.show();
    await expect(panel.toolbarButton('Upload files')).toBeHidden();
    await expect(panel.message).toContainText('A certificate is needed');
    await expect(panel.message).toContainText('it has expired');
    await panel.message
      .getByRole('button', { name: 'Delegate a certificate…' })
      .click();
    await dialog.choose('good.pem');
    await spoil([]);
    await page.unroute(/ctadata\/home-directory/);
    await dialog.uploadButton.click();
    await expect(dialog.heading('Uploaded for cta')).toBeFocused();
    await dialog.close();
    await expect(panel.row('cta')).toBeVisible();
    await expect(panel.message).toHaveCount(0);
    // Also what was not offered without one.
    await expect(panel.toolbarButton('Upload files')).toBeVisible();
  });

  test('a proxy is looked at first, uploaded when that is wanted, and never kept', async ({
    page
  }) => {
    const said: string[] = [];
    page.on('console', message => said.push(message.text()));
    page.on('request', request => {
      said.push(request.url());
      // Workspaces, settings: where a page keeps what it wants to remember.
      if (!request.url().includes('/ctadata/certificates/')) {
        said.push(request.postData() ?? '');
      }
    });
    await panel.badge.click();
    await dialog.choose('good.pem');
    await expect(dialog.look).toContainText(`Who${ADA}`);
    await expect(dialog.look).toContainText(
      'Issued by/DC=org/DC=ctadata-demo/CN=Throw-away demo CA'
    );
    await expect(dialog.look).toContainText('Kindproxy certificate (RFC 3820)');
    await expect(dialog.look).toContainText('VO and rolescta/cta');
    await expect(dialog.look).toContainText(/Valid until.*20\d\d.*, in 11 h/);
    await expect(dialog.look).toContainText('Nothing has been sent yet');
    await expect(dialog.findings).toHaveCount(0);
    // JupyterLab may save it at any time from now on.
    const saved = page.waitForRequest(
      request =>
        request.method() === 'PUT' &&
        (request.postData() ?? '').includes('certificate-key')
    );
    await dialog.look.getByRole('radio', { name: /^lst: / }).check();
    expect(dialog.uploads).toEqual([]);
    await dialog.uploadButton.click();
    await expect(dialog.heading('Uploaded for lst')).toBeFocused();
    expect(dialog.uploads).toEqual(['PUT lst']);
    const result = dialog.root.locator('.jp-mod-stored');
    await expect(result).toContainText('Certificate stored');
    await expect(result).toContainText(/Valid until .*20\d\d.*, in 11 h/);
    await expect(result).toContainText('as uploaded from here at');
    await expect(dialog.delegated).toContainText(`lst: ${ADA}`);
    await expect(panel.badge).toHaveText('Certificate: 11 h left');

    const secrets = [...keyLines('good.pem'), 'PRIVATE KEY'];
    expect(secrets.length).toBeGreaterThan(2);
    const shown = await page.content();
    await dialog.close();
    await saved;
    for (const text of [shown, await page.content(), ...said]) {
      expect(secrets.filter(secret => text.includes(secret))).toEqual([]);
    }

    // What it was for is remembered.
    await dialog.open();
    await dialog.choose('short.pem');
    await expect(dialog.look.getByRole('radio', { checked: true })).toHaveValue(
      'lst'
    );
    const title = (await panel.badge.getAttribute('title')) ?? '';
    expect(title).toContain(`lst: ${ADA}\nvalid until `);
    expect(title).toContain('since the service cannot be asked');
  });

  test('what must not be handed on is not, whatever it is', async () => {
    await dialog.open();
    for (const [name, sentence] of [
      ['user.pem', 'This is your long-lived user certificate'],
      ['encrypted.pem', 'is protected by a password'],
      ['expired.pem', 'It has expired'],
      ['large.pem', 'larger than 64 KiB']
    ]) {
      await dialog.choose(name);
      await expect(
        dialog.findings.filter({ hasText: 'Blocks:' }).first()
      ).toContainText(sentence);
      await expect(dialog.look).toContainText('This cannot be uploaded');
      await expect(dialog.uploadButton).toBeDisabled();
    }
    await dialog.choose('short.pem');
    await expect(dialog.findings.filter({ hasText: 'Warning:' })).toContainText(
      'less than an hour'
    );
    await expect(dialog.findings.filter({ hasText: 'Note:' })).toContainText(
      'no VOMS attributes'
    );
    await expect(dialog.uploadButton).toBeEnabled();
    expect(dialog.uploads).toEqual([]);
  });

  test('what the service refuses is said in its words, and can be tried again', async () => {
    const refused = dialog.root.getByRole('alert');
    await dialog.open();
    await dialog.choose('stranger.pem');
    await dialog.uploadButton.click();
    await expect(dialog.heading('not accepted')).toBeFocused();
    await expect(refused).toContainText(
      'invalid certificate verification chain'
    );

    await dialog.choose('good.pem');
    await expect(refused).toHaveCount(0);
    await spoil([{ path: '/certificate', status: 503 }]);
    await dialog.uploadButton.click();
    await expect(refused).toContainText('does not answer');
    // It says "stored" of what it has not stored (docs/protocol.md).
    await spoil([
      {
        path: '/certificate',
        status: 200,
        body: {
          message: 'Certificate stored',
          validity: ['certificate validity too long <b>7 days</b>']
        }
      }
    ]);
    await refused.getByRole('button', { name: 'Try again' }).click();
    await expect(refused).toContainText('did not store it');
    await expect(refused).toContainText('validity too long 7 days');
    await expect(dialog.root.locator('.jp-mod-stored')).toHaveCount(0);
    await spoil([]);
    await refused.getByRole('button', { name: 'Try again' }).click();
    await expect(dialog.heading('Uploaded for')).toBeFocused();
    await expect(refused).toHaveCount(0);
  });

  test('a server that is down is said to be, and nobody waits for ever', async ({
    page
  }) => {
    await dialog.open();
    await expect(dialog.foundButton).toBeEnabled();
    let isDown = true;
    await page.route(/certificates\/\w+\?/, route =>
      isDown ? route.abort() : route.continue()
    );
    const chooser = page.waitForEvent('filechooser');
    await dialog.chooseButton.click();
    await (await chooser).setFiles(certificatePath('good.pem'));
    const heading = dialog.heading('The Jupyter server does not answer');
    await expect(heading).toBeFocused();
    await expect(dialog.look).toHaveCount(0);
    isDown = false;
    await dialog.root.getByRole('button', { name: 'Try again' }).click();
    await expect(dialog.heading('In good.pem')).toBeFocused();
    isDown = true;
    await dialog.uploadButton.click();
    await expect(dialog.root.getByRole('alert')).toContainText(
      'The certificate may or may not have been uploaded'
    );
  });

  test('the proxy on the server is used as it was shown', async () => {
    const found = certificatePath('found.pem');
    const before = fs.readFileSync(found);
    const shown = dialog.root.locator('.jp-CTAData-found');
    await dialog.open();
    await expect(shown).toContainText(found);
    await expect(shown).toContainText(/, owned by \w/);
    await expect(shown).toContainText(/valid until .*, in 7 h/);
    await dialog.foundButton.click();
    await expect(dialog.heading(`In ${found}`)).toBeFocused();
    await dialog.look.getByRole('radio', { name: /^cta: / }).check();

    // It is another one by now.
    fs.writeFileSync(found, fs.readFileSync(certificatePath('good.pem')));
    await dialog.uploadButton.click();
    const refused = dialog.root.getByRole('alert');
    await expect(refused).toContainText('another certificate');
    await refused.getByRole('button', { name: 'Check It' }).click();
    await expect(dialog.look).toContainText(/, in 11 h/);
    await dialog.uploadButton.click();
    await expect(dialog.heading('Uploaded for cta')).toBeFocused();
    expect(dialog.uploads).toEqual(['PUT cta/found', 'PUT cta/found']);
    await dialog.close();

    fs.chmodSync(found, 0o644);
    await dialog.open();
    await expect(shown).toContainText('can be read by others');
    await expect(dialog.foundButton).toBeDisabled();
    await expect(dialog.foundButton).toHaveAccessibleDescription(
      /can be read by others/
    );
    fs.chmodSync(found, 0o600);
    fs.writeFileSync(found, before);
  });

  test('a file can be dropped anywhere in the dialog', async ({
    page
  }, info) => {
    await dialog.open();
    const target = dialog.root.locator('.jp-Dialog-content');
    await drop(target, [certificatePath('good.pem')], async () => {
      await expect(dialog.root).toHaveClass(/jp-mod-dropTarget/);
    });
    await expect(dialog.root).not.toHaveClass(/jp-mod-dropTarget/);
    await expect(dialog.heading('In good.pem')).toBeFocused();
    await expect(dialog.uploadButton).toBeEnabled();

    await drop(target, ['good.pem', 'short.pem'].map(certificatePath));
    await expect(dialog.root.getByRole('alert')).toContainText('a single file');
    await expect(dialog.look).toHaveCount(0);
    fs.mkdirSync(info.outputPath('folder'));
    await drop(target, [info.outputPath('folder')]);
    await expect(dialog.root.getByRole('alert')).toContainText('a folder');
    // Nothing of it came to the panel behind the dialog.
    await expect(panel.root.locator('.jp-CTAData-dropHint')).toHaveCount(0);
    await expect(page.getByRole('dialog')).toHaveCount(1);
  });

  test('all of it works with the keyboard alone', async ({ page }) => {
    const { keyboard } = page;
    // It takes a moment until choosers are listened to.
    const chooser = page.waitForEvent('filechooser');
    await panel.badge.focus();
    await keyboard.press('Enter');
    await expect(dialog.chooseButton).toBeFocused();
    await keyboard.press('Shift+Tab');
    await expect(
      dialog.root.getByRole('button', { name: 'Close' })
    ).toBeFocused();
    await keyboard.press('Tab');
    await expect(dialog.chooseButton).toBeFocused();
    await expect(dialog.foundButton).toBeEnabled();
    await keyboard.press('Tab');
    await expect(dialog.foundButton).toBeFocused();
    await keyboard.press('Shift+Tab');
    await expect(dialog.chooseButton).toBeFocused();
    await keyboard.press('Enter');
    await (await chooser).setFiles(certificatePath('good.pem'));
    await expect(dialog.heading('In good.pem')).toBeFocused();

    // Enter uploads nothing where the focus is elsewhere, and closes nothing.
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    const radio = dialog.look.getByRole('radio', { checked: true });
    await expect(radio).toBeFocused();
    await keyboard.press('Enter');
    const before = await radio.inputValue();
    await keyboard.press('ArrowDown');
    await expect(radio).toBeFocused();
    expect(await radio.inputValue()).not.toBe(before);
    await keyboard.press('Tab');
    await expect(dialog.uploadButton).toBeFocused();
    expect(dialog.uploads).toEqual([]);
    await keyboard.press('Space');
    await expect(dialog.heading('Uploaded for')).toBeFocused();
    expect(dialog.uploads).toHaveLength(1);
    await keyboard.press('Tab');
    await expect(
      dialog.root.getByRole('button', { name: 'Close' })
    ).toBeFocused();
    await keyboard.press('Escape');
    await expect(dialog.root).toHaveCount(0);
    await expect(panel.badge).toBeFocused();
  });

  test('what ends after its dialog was closed is told', async ({ page }) => {
    /** Upload, and close the dialog before the server is asked. */
    const uploadAndClose = async () => {
      let release = () => {};
      const released = new Promise<void>(resolve => {
        release = resolve;
      });
      await page.route(/certificates\/\w+\?/, async route => {
        if (route.request().method() === 'PUT') {
          await released;
        }
        await route.continue();
      });
      await dialog.open();
      await dialog.choose('good.pem');
      await dialog.uploadButton.click();
      await expect(dialog.root).toContainText('Uploading…');
      await page.keyboard.press('Escape');
      await expect(dialog.root).toHaveCount(0);
      release();
    };
    await uploadAndClose();
    await expect(page.locator('.Toastify__toast--success')).toContainText(
      'The certificate was uploaded for'
    );
    await spoil([{ path: '/certificate', status: 401 }]);
    await uploadAndClose();
    await expect(page.locator('.Toastify__toast--error')).toContainText(
      /Certificate for \w+: /
    );
  });

  test('the badge follows the time', async ({ page }) => {
    await expect(panel.badge).toHaveText('Certificate: 11 h left');
    await uploadElsewhere(page, 'short.pem', 'lst');
    await comeBack(page);
    await expect(panel.badge).toHaveText(/^Certificate: (29|28) min left$/);
    await expect(panel.badge).toHaveClass(/jp-mod-expiring/);

    // The time that is left counts from the answer, however long it takes to get there.
    let left = 20_000;
    await page.route(/ctadata\/certificates\?/, async route => {
      const answer = await (await route.fetch()).json();
      const end = new Date(Date.parse(answer.now) + left).toISOString();
      for (const delegation of answer.delegations) {
        delegation.not_after = end;
      }
      await route.fulfill({ json: answer });
    });
    await comeBack(page);
    await expect(panel.badge).toHaveText(
      'Certificate: less than a minute left'
    );
    const asked = page.waitForRequest(/ctadata\/certificates\?/);
    let isAsked = false;
    void asked.then(
      () => {
        isAsked = true;
      },
      () => undefined
    );
    // By the clock alone.
    await expect(panel.badge).toHaveText('Certificate expired');
    expect(isAsked).toBe(false);
    left = 0;
    await panel.badge.click();
    await expect(dialog.delegated).toContainText('(expired)');
    await asked;
  });

  test('the badge says that it does not know, and why', async ({ page }) => {
    let server: 'older' | 'down' | 'there' = 'older';
    await page.route(/ctadata\/certificates\?/, route =>
      server === 'older'
        ? route.fulfill({ status: 404, body: '<html>Not Found</html>' })
        : server === 'down'
          ? route.abort()
          : route.continue()
    );
    await comeBack(page);
    await expect(panel.badge).toHaveText('Certificate: unknown');
    await expect(panel.badge).toHaveAttribute('title', /older than this panel/);
    server = 'down';
    await comeBack(page);
    await expect(panel.badge).toHaveAttribute('title', /does not answer/);
    await dialog.open();
    await expect(dialog.delegated.getByRole('alert')).toContainText(
      'The Jupyter server does not answer'
    );
    server = 'there';
    await dialog.delegated.getByRole('button', { name: 'Try again' }).click();
    await expect(panel.badge).not.toHaveText('Certificate: unknown');
    await expect(dialog.delegated.getByRole('alert')).toHaveCount(0);
  });

  for (const theme of THEMES) {
    test(`axe finds nothing in ${theme}`, async ({ page }, info) => {
      await page.theme.setTheme(theme);
      await page.sidebar.setWidth(250, 'left');
      const check = async (name: string) => {
        await page.screenshot({ path: info.outputPath(`${name}.png`) });
        const { violations } = await new AxeBuilder({ page })
          .include('.jp-CTAData-delegation')
          .include('.jp-CTAData-certificate')
          .analyze();
        expect(
          violations.flatMap(({ id, nodes }) =>
            nodes.map(node => `${id}: ${node.html.slice(0, 200)}`)
          )
        ).toEqual([]);
      };
      const fits = async (part: Locator) =>
        expect(
          await part.evaluate(node => node.scrollWidth - node.clientWidth)
        ).toBeLessThanOrEqual(0);
      await uploadElsewhere(page, 'short.pem', 'cta');
      await comeBack(page);
      await expect(panel.badge).toHaveClass(/jp-mod-expiring/);
      await fits(panel.badge);
      await dialog.open();
      await expect(dialog.foundButton).toBeEnabled();
      await check('choice');
      await dialog.choose('short.pem');
      await check('warning');
      await dialog.choose('user.pem');
      await check('blocked');
      await dialog.choose('stranger.pem');
      await dialog.uploadButton.click();
      await expect(dialog.heading('not accepted')).toBeVisible();
      await check('refused');
      await dialog.choose('good.pem');
      await dialog.uploadButton.click();
      await expect(dialog.heading('Uploaded for')).toBeVisible();
      await check('stored');
      await page.setViewportSize({ width: 400, height: 600 });
      await fits(dialog.root.locator('.jp-Dialog-body'));
      await check('narrow');
    });
  }
});

test.describe('the notification', () => {
  const toast = (page: IJupyterLabPageFixture) =>
    page.locator('.Toastify__toast--warning');

  test.beforeEach(({ page }) => prepare(page));

  test('tells once that less than an hour is left, also where the panel is hidden', async ({
    page
  }) => {
    await uploadElsewhere(page, 'short.pem', 'cta');
    const remembered = page.waitForRequest(
      request =>
        request.method() === 'PUT' &&
        (request.postData() ?? '').includes('expiry-told')
    );
    await page.reload();
    await expect(toast(page)).toContainText(
      'The certificate delegated for cta expires at'
    );
    await expect(page.locator('#ctadata-panel')).toBeHidden();
    await remembered;
    await toast(page).getByRole('button', { name: 'Delegate…' }).click();
    const dialog = new Dialog(page);
    await expect(dialog.chooseButton).toBeFocused();
    await dialog.close();

    const panel = new CTADataPanel(page);
    await page.reload();
    await panel.show();
    await expect(panel.badge).toHaveClass(/jp-mod-expiring/);
    await comeBack(page);
    await expect(toast(page)).toHaveCount(0);

    // One that lasts longer needs no word, the next that is short does.
    await uploadElsewhere(page, 'good.pem', 'cta');
    await comeBack(page);
    await expect(panel.badge).toHaveText('Certificate: 11 h left');
    await uploadElsewhere(page, 'short.pem', 'cta');
    await comeBack(page);
    await expect(toast(page)).toContainText('delegated for cta');
  });

  test.describe('is not wanted', () => {
    test.use({
      mockSettings: {
        ...galata.DEFAULT_SETTINGS,
        'ctadata:panel': { notifyExpiry: false }
      }
    });

    test('and does not come', async ({ page }) => {
      const panel = new CTADataPanel(page);
      await panel.show();
      await uploadElsewhere(page, 'short.pem', 'cta');
      await comeBack(page);
      await expect(panel.badge).toHaveClass(/jp-mod-expiring/);
      await expect(toast(page)).toHaveCount(0);
    });
  });
});
