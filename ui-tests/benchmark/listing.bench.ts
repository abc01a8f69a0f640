import { IJupyterLabPageFixture, expect, test } from '@jupyterlab/galata';
import { Page } from '@playwright/test';
import * as fs from 'fs';

import { CTADataPanel, storagePath, workspacePath } from '../tests/panel';

/** Entries of a directory. */
const COUNTS = numbers(process.env.CTADATA_BENCH_ROWS, '1000,10000,100000');
/** Of these, the ones that the core browser shows too. */
const CORE_COUNTS = numbers(process.env.CTADATA_BENCH_CORE_ROWS, COUNTS.join());
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
  /** From a press of the arrow key to the next picture: median and longest. */
  arrow: number[];
  /** The longest time for which nothing else could happen, in the seconds after the rows came. */
  freeze: number;
}

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

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Open the selected directory, and wait until a row of its files is on the screen. */
function open(page: Page, { row, request }: ISubject): Promise<IFigures> {
  return page.evaluate(
    async ([rowSelector, requestPart, patience]) => {
      const tasks: number[] = [];
      const observer = new PerformanceObserver(list => {
        tasks.push(...list.getEntries().map(({ duration }) => duration));
      });
      performance.clearResourceTimings();
      const frame = () => new Promise(requestAnimationFrame);
      const start = performance.now();
      const selected = document.querySelector(`${rowSelector}.jp-mod-selected`);
      selected?.dispatchEvent(new MouseEvent('dblclick', { bubbles: true }));
      for (;;) {
        await frame();
        const rows = [...document.querySelectorAll(rowSelector)];
        if (rows.some(node => node.textContent?.includes('dl1_LST'))) {
          break;
        }
        if (performance.now() - start > Number(patience)) {
          return { opened: NaN, painted: NaN, arrow: [], freeze: NaN };
        }
      }
      await frame();
      const end = performance.now();
      observer.observe({ type: 'longtask' });
      const answers = performance
        .getEntriesByType('resource')
        .filter(({ name }) => name.includes(String(requestPart)))
        .map(entry => (entry as PerformanceResourceTiming).responseEnd);
      await new Promise(resolve => setTimeout(resolve, 3000));
      observer.disconnect();
      return {
        opened: end - start,
        painted: end - Math.max(...answers.filter(moment => moment < end)),
        arrow: [],
        freeze: Math.max(0, ...tasks)
      };
    },
    [row, request, String(PATIENCE)]
  );
}

/** Milliseconds from each event of this kind to the picture that follows it. */
async function latencies(
  page: Page,
  event: string,
  act: () => Promise<void>
): Promise<number[]> {
  await page.evaluate(kind => {
    const found: number[] = [];
    Object.assign(window, { ctadataLatencies: found });
    window.addEventListener(
      kind,
      () => {
        const start = performance.now();
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => found.push(performance.now() - start);
          channel.port2.postMessage(null);
        });
      },
      { capture: true }
    );
  }, event);
  for (let press = 0; press < PRESSES; press += 1) {
    const before = await page.evaluate(countLatencies);
    await act();
    await expect
      .poll(() => page.evaluate(countLatencies), { intervals: [20] })
      .toBeGreaterThan(before);
  }
  return page.evaluate(
    () => (window as unknown as { ctadataLatencies: number[] }).ctadataLatencies
  );
}

function countLatencies(): number {
  return (window as unknown as { ctadataLatencies: number[] }).ctadataLatencies
    .length;
}

const longest = (values: readonly number[]) =>
  values.length > 0 ? Math.max(...values) : NaN;

const milliseconds = (value: number) =>
  Number.isNaN(value) ? 'not seen' : `${value.toFixed(0)} ms`;

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell, index) => (index === 0 ? cell.padEnd(38) : cell.padStart(12))).join(' | ')} |`;
}

async function openOurs(
  page: IJupyterLabPageFixture,
  name: string
): Promise<IFigures> {
  const panel = new CTADataPanel(page);
  await panel.show();
  await panel.open('cta/many');
  await panel.row(name).click();
  const figures = await open(page, OURS);
  await panel.grid.focus();
  figures.arrow = await latencies(page, 'keydown', () =>
    page.keyboard.press('ArrowDown')
  );
  return figures;
}

async function openCore(
  page: IJupyterLabPageFixture,
  name: string
): Promise<IFigures> {
  await page.sidebar.openTab('filebrowser');
  await page.filebrowser.openDirectory('many');
  await page.locator('.jp-DirListing-item', { hasText: name }).click();
  const figures = await open(page, CORE);
  if (!Number.isNaN(figures.opened)) {
    await page.locator('.jp-DirListing-content').focus();
    figures.arrow = await latencies(page, 'keydown', () =>
      page.keyboard.press('ArrowDown')
    );
  }
  return figures;
}

test.beforeAll(() => {
  for (const count of COUNTS) {
    for (const parent of [
      storagePath('cta/many'),
      workspacePath('open', 'many')
    ]) {
      const directory = `${parent}/${count} files`;
      fs.mkdirSync(directory, { recursive: true });
      for (let index = 0; index < count; index += 1) {
        const run = 10_000 + Math.floor(index / 200);
        const subrun = String(index % 200).padStart(4, '0');
        fs.closeSync(
          fs.openSync(`${directory}/dl1_LST-1.Run${run}.${subrun}.h5`, 'w')
        );
      }
    }
  }
});

test('many entries, beside the core file browser', async ({ page }) => {
  const ours: IFigures[] = [];
  for (const count of COUNTS) {
    ours.push(await openOurs(page, `${count} files`));
  }
  const panel = new CTADataPanel(page);
  await panel.filter.click();
  const text = 'dl1*1001*'.repeat(3);
  let typed = 0;
  const letters = await latencies(page, 'input', () =>
    page.keyboard.type(text[typed++])
  );
  await panel.filter.fill('');
  const header = panel.grid.getByRole('columnheader', { name: 'Modified' });
  const sorting = await latencies(page, 'click', () =>
    header.getByRole('button').click()
  );
  // What is known so far: the core browser takes its time.
  console.log(`ours: ${JSON.stringify(ours)}`);
  const core: IFigures[] = [];
  for (const count of COUNTS) {
    core.push(
      CORE_COUNTS.includes(count)
        ? await openCore(page, `${count} files`)
        : { opened: NaN, painted: NaN, arrow: [], freeze: NaN }
    );
  }

  const table = [
    line(['', 'ours', 'core', 'ratio']),
    line(['---', '---', '---', '---'])
  ];
  COUNTS.forEach((count, index) => {
    const [a, b] = [ours[index], core[index]];
    const compare = (what: string, x: number, y: number) =>
      table.push(
        line([
          `${count.toLocaleString('en')}: ${what}`,
          milliseconds(x),
          milliseconds(y),
          Number.isNaN(y) ? '' : (y / x).toFixed(1)
        ])
      );
    compare('opening to first rows', a.opened, b.opened);
    compare('answer to first rows', a.painted, b.painted);
    compare('arrow key, median', median(a.arrow), median(b.arrow));
    compare('arrow key, longest', longest(a.arrow), longest(b.arrow));
    compare('longest freeze in 3 s after', a.freeze, b.freeze);
  });
  const most = COUNTS[COUNTS.length - 1].toLocaleString('en');
  for (const [what, values] of [
    ['a letter of the filter', letters],
    ['sorting', sorting]
  ] as const) {
    const figures = `${milliseconds(median(values))}, longest ${milliseconds(longest(values))}`;
    table.push(line([`${most}: ${what}`, figures, '', '']));
  }
  console.log(`\n${table.join('\n')}\n`);
});

function numbers(text: string | undefined, otherwise: string): number[] {
  return (text || otherwise).split(',').map(Number);
}
