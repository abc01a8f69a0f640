import { IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import { Page } from '@playwright/test';
import * as fs from 'fs';

import { CTADataPanel, storagePath, workspacePath } from '../tests/panel';

/** Entries of a directory. */
const COUNTS = (process.env.CTADATA_BENCH_ROWS || '1000,10000,100000')
  .split(',')
  .map(Number);
/** Times that a key is pressed. */
const PRESSES = 20;
/** Milliseconds after which the core browser is not waited for any longer. */
const PATIENCE = 120_000;

/** What was measured of one listing, in milliseconds. */
interface IFigures {
  /** From the double click to the first rows on the screen. */
  opened: number;
  /** From the end of the server's answer to the first rows. */
  painted: number;
  /** The longest time for which nothing else could happen, in the 3 s after the rows came. */
  freeze: number;
  /** From each press of the arrow key to the next picture. */
  arrow: number[];
}

const UNSEEN: IFigures = { opened: NaN, painted: NaN, freeze: NaN, arrow: [] };

interface ISubject {
  /** The selector of one row. */
  row: string;
  /** A part of the address of the request for the listing. */
  request: string;
}

const OURS: ISubject = {
  row: '.jp-CTAData-row',
  request: '/ctadata/resources/'
};
const CORE: ISubject = {
  row: '.jp-DirListing-item',
  request: '/api/contents/'
};

/** Open the selected directory, and wait until a row of its files is on the screen. */
function open(page: Page, { row, request }: ISubject): Promise<IFigures> {
  return page.evaluate(
    async ([rowSelector, requestPart]) => {
      const tasks: number[] = [];
      const observer = new PerformanceObserver(list => {
        tasks.push(...list.getEntries().map(({ duration }) => duration));
      });
      const frame = () => new Promise(requestAnimationFrame);
      performance.clearResourceTimings();
      const start = performance.now();
      const selected = document.querySelector(`${rowSelector}.jp-mod-selected`);
      selected?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
      do {
        await frame();
      } while (
        !document.querySelector(rowSelector)?.textContent?.includes('dl1_LST')
      );
      await frame();
      const end = performance.now();
      observer.observe({ type: 'longtask' });
      const answers = performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.includes(requestPart))
        .map(entry => (entry as PerformanceResourceTiming).responseEnd);
      await new Promise(resolve => setTimeout(resolve, 3000));
      observer.disconnect();
      return {
        opened: end - start,
        painted: end - Math.max(...answers.filter(moment => moment < end)),
        freeze: Math.max(0, ...tasks),
        arrow: []
      };
    },
    [row, request]
  );
}

/** Milliseconds from each event of this kind to the picture that follows it. */
async function latencies(
  page: Page,
  event: string,
  act: (time: number) => Promise<void>
): Promise<number[]> {
  const found: number[] = [];
  for (let time = 0; time < PRESSES; time += 1) {
    const measured = await page.evaluateHandle(kind => {
      const next = new Promise<number>(resolve => {
        const listener = () => {
          const start = performance.now();
          requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => resolve(performance.now() - start);
            channel.port2.postMessage(null);
          });
        };
        window.addEventListener(kind, listener, { capture: true, once: true });
      });
      return { next };
    }, event);
    await act(time);
    found.push(await measured.evaluate(({ next }) => next));
  }
  return found;
}

async function openOurs(panel: CTADataPanel, name: string): Promise<IFigures> {
  const { page } = panel;
  await panel.show();
  await panel.open('cta/many');
  await panel.row(name).click();
  const figures = await open(page, OURS);
  await panel.grid.focus();
  const arrow = await latencies(page, 'keydown', () =>
    page.keyboard.press('ArrowDown')
  );
  return { ...figures, arrow };
}

async function openCore(
  page: IJupyterLabPageFixture,
  name: string
): Promise<IFigures> {
  await page.sidebar.openTab('filebrowser');
  await page.filebrowser.openDirectory('many');
  await page.locator('.jp-DirListing-item', { hasText: name }).click();
  const measure = async () => {
    const figures = await open(page, CORE);
    await page.locator('.jp-DirListing-item').first().click();
    const arrow = await latencies(page, 'keydown', () =>
      page.keyboard.press('ArrowDown')
    );
    return { ...figures, arrow };
  };
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<IFigures>(resolve => {
    timer = setTimeout(() => resolve(UNSEEN), PATIENCE);
  });
  return Promise.race([measure(), patience]).finally(() => clearTimeout(timer));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

const longest = (values: readonly number[]) =>
  values.length > 0 ? Math.max(...values) : NaN;

const milliseconds = (value: number) =>
  Number.isNaN(value) ? 'not seen' : `${value.toFixed(0)} ms`;

function printLine(...cells: readonly string[]): void {
  const [what, ...figures] = cells;
  const padded = [what.padEnd(40), ...figures.map(text => text.padStart(10))];
  console.log(`| ${padded.join(' | ')} |`);
}

function makeFiles(directory: string, count: number): void {
  fs.mkdirSync(directory, { recursive: true });
  for (let index = 0; index < count; index += 1) {
    const run = 10_000 + Math.floor(index / 200);
    const subrun = String(index % 200).padStart(4, '0');
    const name = `dl1_LST-1.Run${run}.${subrun}.h5`;
    fs.writeFileSync(`${directory}/${name}`, '');
    // Sizes in another order than names; such files take no room.
    fs.truncateSync(`${directory}/${name}`, (index * 7919) % 99_991);
  }
}

test.beforeAll(() => {
  printLine('', 'ours', 'core', 'ratio');
  printLine('---', '---', '---', '---');
});

for (const count of COUNTS) {
  const name = `${count} files`;
  test(name, async ({ page }) => {
    makeFiles(storagePath('cta/many', name), count);
    makeFiles(workspacePath('open', 'many', name), count);
    const panel = new CTADataPanel(page);
    const ours = await openOurs(panel, name);

    await expect(panel.summary).toContainText(count.toLocaleString('en'));
    await panel.filter.click();
    const letters = await latencies(page, 'input', time =>
      page.keyboard.type('dl1*100*2.0*1*.h5*'.charAt(time) || '*')
    );
    await panel.filter.fill('');
    const header = panel.grid.getByRole('columnheader', { name: 'Size' });
    const sorting = await latencies(page, 'click', () =>
      header.getByRole('button').click()
    );
    const tell = (what: string, x: number, y: number | null = null) =>
      printLine(
        `${count.toLocaleString('en')}: ${what}`,
        milliseconds(x),
        y === null ? '' : milliseconds(y),
        x > 0 && y ? (y / x).toFixed(1) : ''
      );
    tell('a letter of the filter, median', median(letters));
    tell('a letter of the filter, longest', longest(letters));
    tell('sorting by size, median', median(sorting));
    tell('sorting by size, longest', longest(sorting));

    const core = await openCore(page, name);
    tell('opening to first rows', ours.opened, core.opened);
    tell('answer to first rows', ours.painted, core.painted);
    tell('arrow key, median', median(ours.arrow), median(core.arrow));
    tell('arrow key, longest', longest(ours.arrow), longest(core.arrow));
    tell('longest freeze in the 3 s after', ours.freeze, core.freeze);
  });
}
