import { Locator, Page } from '@playwright/test';

/** The panel, as somebody sees it who uses it. */
export class CTADataPanel {
  readonly root: Locator;
  readonly grid: Locator;
  readonly rows: Locator;
  readonly crumbs: Locator;
  readonly filter: Locator;
  readonly summary: Locator;
  readonly message: Locator;
  readonly transfers: Locator;

  constructor(readonly page: Page) {
    this.root = page.locator('#ctadata-panel');
    this.grid = this.root.getByRole('grid');
    this.rows = this.grid.locator('.jp-CTAData-row');
    this.crumbs = this.root.getByRole('navigation', { name: 'Path' });
    this.filter = this.root.getByRole('searchbox');
    this.summary = this.root.locator('.jp-CTAData-summary');
    this.message = this.root.locator('.jp-CTAData-message');
    this.transfers = this.root.locator('.jp-CTAData-transfer');
  }

  /** Show it, if it is not shown already. */
  async show(): Promise<void> {
    const tab = this.page.getByRole('tab', { name: 'CTA data' });
    await tab.waitFor();
    if (!(await this.root.isVisible())) {
      await tab.click();
    }
    await this.root.waitFor();
  }

  row(name: string): Locator {
    return this.rows.filter({
      has: this.page.locator('.jp-CTAData-nameText').getByText(name, {
        exact: true
      })
    });
  }
}
