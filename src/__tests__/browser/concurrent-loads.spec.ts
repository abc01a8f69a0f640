import { IStateDB } from '@jupyterlab/statedb';

import { API, API_VERSION } from '../../api/client';
import { Directory } from '../../api/directory';
import { IStatus } from '../../api/types';
import { BrowserModel } from '../../browser/model';
import { restoreModel } from '../../browser/restore';
import { TestServer, directory, entry, file } from '../helpers/test-server';

const server = new TestServer();
let broken: string | null = null;

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  broken = null;
  server.handler = request => {
    const path = decodeURIComponent(request.path.replace('resources/', ''));
    const name = path.split('/').pop() ?? '';
    if (request.path === 'status') {
      request.answer(200, STATUS);
    } else if (request.path === 'home-directory') {
      request.answer(200, { path: 'own/ada' });
    } else if (request.path.startsWith('search/')) {
      const entries = [entry('lst/found.h5')];
      request.send(`${JSON.stringify({ entries, directories: 1 })}\n`);
      request.send(`${JSON.stringify({ directories: 1, done: true })}\n`);
      request.end();
    } else if (path === broken) {
      request.answer(502, { code: 'service-unreachable', message: 'Down' });
    } else if (name === 'nowhere') {
      request.answer(404, { code: 'not-found', message: 'Nothing there' });
    } else if (name.endsWith('.h5')) {
      request.answer(200, file(path));
    } else {
      request.answer(200, directory(path, ['sub/', `in ${name}.h5`]));
    }
  };
});

const STATUS = {
  service: { url: 'https://somewhere.example/' },
  versions: { api: API_VERSION, ctadata: '1.0.0' }
};

/** Lets everything happen that needs no answer. */
async function calm(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise(resolve => setImmediate(resolve));
  }
}

/** The real interface, whose answers come when they are released. */
class DelayedAPI extends API {
  /** What is held back, by what was asked for. */
  readonly held: { what: string; release: () => Promise<void> }[] = [];

  override list(path: string, signal?: AbortSignal) {
    return this._delay(path, super.list(path, signal));
  }

  override status(): Promise<IStatus> {
    return this._delay('status', super.status());
  }

  override homeDirectory(signal?: AbortSignal): Promise<string> {
    return this._delay('home directory', super.homeDirectory(signal));
  }

  /** Release one answer. */
  async release(index: number): Promise<void> {
    const [{ release }] = this.held.splice(index, 1);
    await release();
    await calm();
  }

  /** Release all answers, the oldest first, until nothing is asked for any more. */
  async releaseAll(): Promise<void> {
    await calm();
    while (this.held.length > 0) {
      await this.release(0);
    }
  }

  private _delay<T>(what: string, answer: Promise<T>): Promise<T> {
    // One that fails is not told before it is released, either.
    answer.catch(() => undefined);
    return new Promise((resolve, reject) => {
      this.held.push({ what, release: () => answer.then(resolve, reject) });
    });
  }
}

interface ISetup {
  api: DelayedAPI;
  model: BrowserModel;
}

/** A panel that has shown two folders, and knows them. */
async function setUp(): Promise<ISetup> {
  const api = new DelayedAPI(server.api.settings);
  const model = new BrowserModel(api);
  for (const path of ['old', 'home']) {
    const shown = model.cd(path);
    await api.releaseAll();
    await shown;
  }
  return { api, model };
}

const namesIn = ({ rows }: BrowserModel) =>
  Array.from({ length: rows.length }, (_, row) => rows.nameAt(row));

/** Something that the user does, and what has to be shown in the end if it was the last. */
interface IWish {
  name: string;
  act: (model: BrowserModel) => Promise<void> | void;
  check: (model: BrowserModel, before: string) => void;
}

function shows(path: string, selected?: string[]) {
  return (model: BrowserModel) => {
    expect(model.path).toBe(path);
    expect(model.search).toBeNull();
    expect(namesIn(model)).toEqual(['sub', `in ${path.split('/').pop()}.h5`]);
    if (selected) {
      expect(model.rows.selected.entries.map(({ name }) => name)).toEqual(
        selected
      );
    }
    expect(model.error).toBeNull();
  };
}

/** What was shown stays, be it a search, and is complete. */
function staysAt(model: BrowserModel, before: string): void {
  expect(model.path).toBe(before);
  expect(model.error).toBeNull();
  expect(model.rows.length).toBeGreaterThan(0);
}

const WISHES: IWish[] = [
  {
    name: 'types a folder',
    act: model => model.open('lst'),
    check: shows('lst')
  },
  {
    name: 'types a file',
    act: model => model.open('lst/in lst.h5'),
    check: shows('lst', ['in lst.h5'])
  },
  {
    name: 'types what does not exist',
    act: model => model.open('lst/nowhere'),
    check: staysAt
  },
  { name: 'clicks', act: model => model.cd('cta'), check: shows('cta') },
  {
    name: 'goes back',
    act: model => model.goBack(),
    check: (model, before) => shows(before === 'home' ? 'old' : 'home')(model)
  },
  {
    name: 'goes to the uploads',
    act: model => model.goToUploads(),
    check: shows('own/ada')
  },
  {
    name: 'reveals',
    act: model => model.reveal('cta/sub'),
    check: shows('cta', ['sub'])
  },
  {
    name: 'searches',
    act: model => model.startSearch('found'),
    check: (model, before) => {
      expect(model.path).toBe(before);
      expect(model.search?.path).toBe(before);
      expect(namesIn(model)).toEqual(['found.h5']);
    }
  },
  {
    name: 'refreshes',
    act: model => model.refresh(),
    check: staysAt
  }
];

/** What happens without the user. */
const EVENTS: { name: string; act: (model: BrowserModel) => Promise<void> }[] =
  [
    { name: 'start', act: model => model.start() },
    { name: 'change', act: model => model.invalidate(model.path) },
    { name: 'change elsewhere', act: model => model.invalidate('lst') },
    {
      name: 'restoring',
      act: async model =>
        model.restore('restored', { column: 'size', ascending: true })
    }
  ];

/** Run something with its answers in all orders; the least recent first, then all others. */
async function inAllOrders(run: (choose: Choose) => Promise<void>) {
  let choices: number[] = [];
  for (let runs = 0; ; runs += 1) {
    const options: number[] = [];
    await run(count => {
      const step = options.push(count) - 1;
      choices[step] ??= 0;
      return choices[step];
    });
    choices = choices.slice(0, options.length);
    while (choices.length > 0) {
      const last = choices.length - 1;
      choices[last] += 1;
      if (choices[last] < options[last]) {
        break;
      }
      choices.pop();
    }
    if (choices.length === 0) {
      return;
    }
    expect(runs).toBeLessThan(200);
  }
}

type Choose = (count: number) => number;
type Step = (model: BrowserModel) => Promise<void> | void;

/** Do all of it at once, answer in some order, and check. */
async function play(
  steps: readonly Step[],
  last: IWish,
  choose: Choose
): Promise<void> {
  const { api, model } = await setUp();
  let before = model.path;
  const done = [];
  for (const step of steps) {
    if (step === last.act) {
      before = model.path;
    }
    done.push(Promise.resolve(step(model)).catch(error => error.code));
    await calm();
  }
  while (api.held.length > 0) {
    await api.release(choose(api.held.length));
  }
  const results = await Promise.all(done);
  last.check(model, before);
  expect(model.loading).toBe(false);
  for (const result of results) {
    // Nothing is given up in silence but what is seen: a folder that was left again.
    expect([undefined, 'superseded', 'not-found']).toContain(result);
  }
  model.dispose();
}

describe.each(WISHES)('what the user wants who $name', wish => {
  it.each(EVENTS)(
    'is not lost to what happens by itself: $name',
    async event => {
      for (const steps of [
        [event.act, wish.act],
        [wish.act, event.act],
        [event.act, wish.act, event.act]
      ]) {
        await inAllOrders(choose => play(steps, wish, choose));
      }
    }
  );

  it.each(WISHES)('comes before what was wanted before: $name', async other => {
    if (other === wish) {
      return;
    }
    const { act: change } = EVENTS[1];
    for (const steps of [
      [other.act, wish.act],
      [other.act, change, wish.act, change]
    ]) {
      await inAllOrders(choose => play(steps, wish, choose));
    }
  });
});

describe('a wish', () => {
  it('rejects when another one replaces it', async () => {
    const { api, model } = await setUp();
    const typed = model.open('lst').catch(error => error.code);
    const again = model.goToUploads().catch(error => error.code);
    const clicked = model.cd('cta');
    await api.releaseAll();
    expect(await typed).toBe('superseded');
    expect(await again).toBe('superseded');
    await clicked;
    expect(model.path).toBe('cta');
  });

  it('lets the first folder load that it has kept waiting', async () => {
    const api = new DelayedAPI(server.api.settings);
    const model = new BrowserModel(api);
    const typed = model.open('nowhere').catch(error => error.code);
    const started = model.start();
    expect(model.loading).toBe(true);
    await api.releaseAll();
    await started;
    expect(await typed).toBe('not-found');
    shows('')(model);
  });

  it('lets a change load that it has kept waiting, once', async () => {
    const { api, model } = await setUp();
    server.log.length = 0;
    const refreshed = model.refresh();
    void model.invalidate('home');
    void model.invalidate('home');
    await api.releaseAll();
    await refreshed;
    expect(server.log).toEqual(['GET resources/home', 'GET resources/home']);
  });

  it('keeps what is typed into the filter while it loads', async () => {
    const { api, model } = await setUp();
    model.rows.filter = 'old filter';
    const typed = model.open('lst');
    model.rows.filter = 'in';
    await api.releaseAll();
    await typed;
    expect(model.rows.filter).toBe('in');
    expect(namesIn(model)).toEqual(['in lst.h5']);
    const clicked = model.cd('cta');
    model.rows.filter = 'sub';
    await api.releaseAll();
    await clicked;
    expect(namesIn(model)).toEqual(['sub']);
  });

  it('keeps what is typed into the filter while its place is found', async () => {
    const { api, model } = await setUp();
    const typed = model.open('lst/in lst.h5');
    model.rows.filter = 'in';
    await api.releaseAll();
    await typed;
    expect(model.path).toBe('lst');
    expect(namesIn(model)).toEqual(['in lst.h5']);
    expect(model.rows.selection.size).toBe(1);
    const shown = model.goToUploads();
    model.rows.filter = 'sub';
    await api.releaseAll();
    await shown;
    expect(model.path).toBe('own/ada');
    expect(namesIn(model)).toEqual(['sub']);
  });

  it('keeps what is selected while the path that is shown is typed', async () => {
    const { api, model } = await setUp();
    const typed = model.open('/home/');
    model.rows.select(1);
    await api.releaseAll();
    await typed;
    shows('home', ['in home.h5'])(model);
  });

  it('to type a path comes before what would take it away', async () => {
    const { api, model } = await setUp();
    const shown = model.goToUploads().catch(error => error.code);
    model.editing = true;
    await api.releaseAll();
    expect(await shown).toBe('superseded');
    expect(model.editing).toBe(true);
    expect(model.path).toBe('home');
    // What is shown is loaded nevertheless.
    const refreshed = model.refresh();
    model.editing = true;
    await api.releaseAll();
    await refreshed;
    expect(model.editing).toBe(true);
    shows('home')(model);
  });

  it('asks once for what several letters go on with', async () => {
    const { api, model } = await setUp();
    const [first, second] = [model.lookUp('lst'), model.lookUp('lst')];
    expect(api.held).toHaveLength(1);
    await api.releaseAll();
    expect(await first).toBe(await second);
    expect(await first).toBeInstanceOf(Directory);
  });

  it('is not lost to a status that says nothing', async () => {
    const { api, model } = await setUp();
    const handler = server.handler;
    server.handler = request =>
      request.path === 'status' ? request.answer(200, []) : handler(request);
    const warned = jest.spyOn(console, 'warn').mockReturnValue();
    const started = model.start();
    await api.releaseAll();
    await started;
    expect(warned).toHaveBeenCalled();
    warned.mockRestore();
    expect(model.status).toBeNull();
    shows('home')(model);
  });

  it('is not lost to a status from before the server was updated', async () => {
    const { api, model } = await setUp();
    const handler = server.handler;
    const answer = (api: number) => {
      server.handler = request =>
        request.path === 'status'
          ? request.answer(200, { ...STATUS, versions: { api } })
          : handler(request);
    };
    answer(API_VERSION - 1);
    const started = model.start();
    await calm();
    answer(API_VERSION);
    // Whoever waits for a service that does not answer asks for the status, too.
    broken = 'lst';
    const clicked = model.cd('lst');
    await calm();
    await api.release(api.held.findIndex(({ what }) => what === 'lst'));
    expect(api.held.map(({ what }) => what)).toEqual(['status', 'status']);
    await api.release(1);
    await api.release(0);
    await Promise.all([started, clicked]);
    expect(model.error?.message).toBe('Down');
    expect(model.status?.versions.api).toBe(API_VERSION);
  });

  it('keeps what is selected while something is revealed', async () => {
    const { api, model } = await setUp();
    const first = model.cd('cta');
    await api.releaseAll();
    await first;
    await model.goBack();
    const revealed = model.reveal('cta/new.h5');
    expect(namesIn(model)).toEqual(['sub', 'in cta.h5']);
    model.rows.select(0);
    server.handler = request =>
      request.answer(200, directory('cta', ['sub/', 'new.h5']));
    await api.releaseAll();
    await revealed;
    expect(model.rows.selected.entries.map(({ name }) => name)).toEqual([
      'sub'
    ]);
  });

  it('reveals what the filter hides', async () => {
    const { api, model } = await setUp();
    model.rows.filter = 'in';
    const revealed = model.reveal('home/sub');
    await api.releaseAll();
    await revealed;
    shows('home', ['sub'])(model);
  });

  it('loses neither rows nor selection to a refresh that fails by itself', async () => {
    const { api, model } = await setUp();
    model.rows.select(1);
    broken = 'home';
    const changed = model.invalidate('home');
    await api.releaseAll();
    await changed;
    expect(model.error?.message).toBe('Down');
    expect(namesIn(model)).toEqual(['sub', 'in home.h5']);
    expect(model.rows.selection.size).toBe(1);
    const refreshed = model.refresh();
    await api.releaseAll();
    await refreshed;
    expect(namesIn(model)).toEqual([]);
    expect(model.error?.message).toBe('Down');
  });

  it('keeps a search when the folder cannot be loaded', async () => {
    const { api, model } = await setUp();
    broken = 'lst';
    const clicked = model.cd('lst');
    await calm();
    model.startSearch('found');
    await api.releaseAll();
    await clicked;
    await calm();
    expect(model.search).not.toBeNull();
    expect(namesIn(model)).toEqual(['found.h5']);
  });

  it('is not repeated after it was cancelled', async () => {
    const { api, model } = await setUp();
    const clicked = model.cd('lst');
    model.cancel();
    expect(model.error?.code).toBe('cancelled');
    await api.releaseAll();
    await clicked;
    const changed = model.invalidate('home');
    model.cancel();
    await api.releaseAll();
    await changed;
    expect(model.error?.code).toBe('cancelled');
    expect(model.loading).toBe(false);
  });

  it('does not remember an answer from before a change', async () => {
    const { api, model } = await setUp();
    const typed = model.lookUp('lst');
    await model.invalidate('lst');
    await api.releaseAll();
    expect(await typed).toBeInstanceOf(Directory);
    const again = model.lookUp('lst');
    expect(api.held).toHaveLength(1);
    await api.releaseAll();
    await again;
  });
});

describe('what was shown before the page was reloaded', () => {
  /** A state database whose answer comes when it is released. */
  function slowState(saved: unknown) {
    let release: () => void = () => undefined;
    const fetched = new Promise(resolve => {
      release = () => resolve(saved);
    });
    const kept: unknown[] = [];
    const state = {
      fetch: () => fetched,
      save: async (_: string, value: unknown) => void kept.push(value)
    } as unknown as IStateDB;
    return { state, kept, release };
  }

  const SAVED = { path: 'restored', column: 'size', ascending: false };

  it('is shown again', async () => {
    const model = new BrowserModel(server.api);
    const { state, kept, release } = slowState(SAVED);
    const restored = restoreModel(model, state);
    release();
    await restored;
    await model.start();
    shows('restored')(model);
    expect(model.rows.sort).toEqual({ column: 'size', ascending: false });
    expect(kept).toEqual([]);
    await model.cd('lst');
    expect(kept).toEqual([{ ...SAVED, path: 'lst' }]);
  });

  it('gives way to what the user has chosen meanwhile', async () => {
    const model = new BrowserModel(server.api);
    const { state, kept, release } = slowState(SAVED);
    const restored = restoreModel(model, state);
    await model.open('lst');
    model.rows.sortBy('modified');
    release();
    await restored;
    await model.start();
    shows('lst')(model);
    expect(model.rows.sort.column).toBe('modified');
    expect(kept).toEqual([
      { path: 'lst', column: 'modified', ascending: false }
    ]);
  });

  it('is not needed', async () => {
    const model = new BrowserModel(server.api);
    const state = {
      fetch: () => Promise.reject(new Error('no database')),
      save: async () => undefined
    } as unknown as IStateDB;
    const warned = jest.spyOn(console, 'warn').mockReturnValue();
    await restoreModel(model, state);
    expect(warned).toHaveBeenCalled();
    warned.mockRestore();
    await model.start();
    shows('')(model);
  });
});
