import { expect, Locator, Page } from '@playwright/test';
import * as path from 'path';

const { CTADATA_UI_ROOT = '', CTADATA_UI_CONTROL = '' } = process.env;

/** Where a file of the storage is on this machine. */
export function storagePath(...segments: string[]): string {
  return path.join(CTADATA_UI_ROOT, 'data', ...segments);
}

/** Where a file of a JupyterLab's workspace is on this machine. */
export function workspacePath(lab: string, ...segments: string[]): string {
  return path.join(CTADATA_UI_ROOT, lab, 'workspace', ...segments);
}

/** Where a certificate is that was made for the tests (see servers.py). */
export function certificatePath(name: string): string {
  return path.join(CTADATA_UI_ROOT, 'certificates', name);
}

/** A file of 4 GiB that takes two minutes to come, and the folder that contains it. */
export const HUGE_FOLDER = 'lst/R0/20241114';
export const HUGE_FILE = 'LST-1.1.Run11111.0000.fits.fz';

/** Let the control server do something (see servers.py); returns when that is done. */
export async function control(action: string, body?: unknown): Promise<void> {
  const answer = await fetch(
    `http://127.0.0.1:${CTADATA_UI_CONTROL}/${action}`,
    { method: 'POST', body: body === undefined ? '' : JSON.stringify(body) }
  );
  if (!answer.ok) {
    throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
  }
}

/** Stop or start the data service; returns when that is done. */
export function service(action: 'stop' | 'start'): Promise<void> {
  return control(action);
}

/** How the data service's answers are spoiled; see gate.py. */
export interface IFault {
  path: string;
  status?: number;
  /** Answered with this status, as JSON. */
  body?: unknown;
  delay?: number;
  cut?: number;
}

/** Spoil the service's answers from now on; `rate` is in bytes per second. */
export function spoil(faults: IFault[], rate = 0): Promise<void> {
  return control('spoil', { faults, rate });
}

/** Kill a JupyterLab and start it again; returns when it answers. */
export function killServer(lab: string): Promise<void> {
  return control(`kill/${lab}`);
}

/** Drop files and folders of this machine as the desktop does; `before` sees them hovering. */
export async function drop(
  target: Locator,
  files: string[],
  before: () => Promise<void> = async () => undefined
): Promise<void> {
  const box = await target.boundingBox();
  if (!box) {
    throw new Error('Nothing to drop on');
  }
  const session = await target.page().context().newCDPSession(target.page());
  const send = (type: 'dragEnter' | 'dragOver' | 'drop') =>
    session.send('Input.dispatchDragEvent', {
      type,
      x: box.x + box.width / 2,
      y: box.y + box.height / 2,
      data: { items: [], files, dragOperationsMask: 1 }
    });
  await send('dragEnter');
  await send('dragOver');
  await before();
  await send('drop');
  await session.detach();
}

/** Log in to the JupyterLab that asks for its token. */
export async function logIn(page: Page): Promise<void> {
  await page.goto('login');
  await page
    .locator('#password_input')
    .fill(process.env.CTADATA_UI_TOKEN ?? '');
  await page.locator('#login_submit').click();
  await page.waitForURL(/\/lab/);
}

/** The panel, as somebody sees it who uses it. */
export class CTADataPanel {
  readonly root: Locator;
  readonly grid: Locator;
  readonly rows: Locator;
  readonly selected: Locator;
  readonly crumbs: Locator;
  readonly filter: Locator;
  readonly summary: Locator;
  readonly message: Locator;
  readonly transfers: Locator;
  readonly badge: Locator;

  constructor(readonly page: Page) {
    this.root = page.locator('#ctadata-panel');
    this.grid = this.root.getByRole('grid');
    this.rows = this.grid.locator('.jp-CTAData-row');
    this.selected = this.grid.locator('[aria-selected="true"]');
    this.crumbs = this.root.getByRole('navigation', { name: 'Path' });
    this.filter = this.root.getByRole('searchbox');
    this.summary = this.root.locator('.jp-CTAData-summary');
    this.message = this.root.locator('.jp-CTAData-message');
    this.badge = this.root.locator('.jp-CTAData-badge');
    // An upload that is handed on is in both sections for a moment.
    this.transfers = this.root
      .getByRole('region', { name: 'Transfers' })
      .locator('.jp-CTAData-transfer');
  }

  /** Show it, if it is not shown already. */
  async show(): Promise<void> {
    const tab = this.page.getByRole('tab', { name: 'CTA data' });
    await tab.waitFor();
    // A click hides what JupyterLab has restored in the same moment.
    await expect(async () => {
      if ((await tab.getAttribute('aria-selected')) !== 'true') {
        await tab.click();
      }
      await this.root.waitFor({ timeout: 3000 });
    }).toPass();
  }

  /** Show a directory, by the path box. */
  async open(directory: string): Promise<void> {
    const box = this.root.getByRole('combobox', { name: 'Path' });
    await this.root.getByTitle('Type a path').click();
    await box.fill(directory);
    await box.press('Enter');
    await this.crumbs.locator(`ol[title="${directory}"]`).waitFor();
  }

  /** Choose from the context menu of what is selected. */
  async menuItem(name: string): Promise<void> {
    await this.selected.first().click({ button: 'right' });
    await this.page.getByRole('menuitem', { name }).click();
  }

  /** Download what is selected, by the toolbar and the dialog that large downloads get. */
  async downloadLarge(): Promise<void> {
    await this.toolbarButton('Copy the selection').click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Download' }).click();
  }

  /** Cancel and forget all transfers. */
  async clearTransfers(): Promise<void> {
    const cancel = this.transfers.getByRole('button', { name: /^Cancel / });
    // One that ends in the same moment has no such button any more.
    await expect(async () => {
      for (const button of await cancel.all()) {
        await button.click({ timeout: 1000 });
      }
      await expect(cancel).toHaveCount(0, { timeout: 1000 });
    }).toPass();
    await expect(this.root.locator('.jp-mod-cancelling')).toHaveCount(0);
    const clear = this.root.getByRole('button', { name: /^Clear ended/ });
    if (await clear.isVisible()) {
      await clear.click();
      await expect(this.transfers).toHaveCount(0);
    }
  }

  row(name: string): Locator {
    return this.rows.and(this.page.getByTitle(`Name: ${name}`));
  }

  transfer(name: string): Locator {
    return this.transfers.filter({ hasText: name });
  }

  /** A button of the toolbar, by the beginning of what it says it does. */
  toolbarButton(caption: string): Locator {
    return this.root.locator('.jp-CTAData-toolbar').getByTitle(caption);
  }
}
