import { test as galata } from '@jupyterlab/galata';
import { test as playwright } from '@playwright/test';

import { control } from './panel';

/** Lets each test start from the same state, whatever the ones before have done. */
const fresh: Parameters<typeof playwright.extend<{ fresh: null }>>[0] = {
  fresh: [
    // Playwright insists on a pattern there.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use, { project }) => {
      await control(`reset/${project.name}`);
      await use(null);
    },
    { auto: true }
  ]
};

/** For pages as they are. */
export const test = playwright.extend(fresh);

/** For pages with what galata adds. */
export const galataTest = galata.extend(fresh as never) as typeof galata;
