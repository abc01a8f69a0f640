import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import { BrowserModel } from '../browser/model';
import { CommandIDs } from '../command-ids';
import { ICommandContext, addCommands } from '../commands';
import { Settings } from '../common/settings';
import { TransfersModel } from '../transfers/model';
import { TestServer, directory, file } from './helpers/test-server';
import { trans } from './helpers/translator';

const copied: string[] = [];

// What follows needs a page.
jest.mock('@jupyterlab/apputils', () => ({
  Clipboard: { copyToSystem: (text: string) => copied.push(text) },
  ReactWidget: jest.fn()
}));
jest.mock('@jupyterlab/ui-components', () => ({}));
jest.mock('@lumino/domutils', () => ({ Platform: {} }));
jest.mock('@lumino/widgets', () => ({ Widget: jest.fn() }));
jest.mock('../ui/icons', () => ({}));

const server = new TestServer();
const errors: unknown[] = [];
/** What was downloaded, opened and shown. */
const done: unknown[] = [];

let commands: CommandRegistry;
let model: BrowserModel;
let transfers: TransfersModel;

beforeAll(() => server.start());
afterAll(() => server.stop());

beforeEach(async () => {
  copied.length = errors.length = done.length = 0;
  server.handler = ({ path, answer }) => {
    const name = path.replace('resources/', '');
    if (name === 'missing') {
      answer(404, { code: 'not-found', message: 'Not there' });
    } else {
      const isDirectory = name === '' || name === 'DL1';
      const names = ['a.h5', 'b.h5'];
      answer(200, isDirectory ? directory(name, names) : file(name));
    }
  };
  const { api } = server;
  model = new BrowserModel(api);
  transfers = new TransfersModel(api);
  commands = new CommandRegistry();
  const context: ICommandContext = {
    service: {
      api,
      transfers,
      settings: new Settings(),
      workspace: {
        changed: new Signal<unknown, void>({}),
        folder: 'shown',
        chosen: 'chosen',
        canChoose: false,
        canReveal: false,
        choose: async () => null,
        reveal: async () => undefined,
        refresh: async () => undefined
      }
    },
    panel: {
      model,
      downloads: {
        toWorkspace: async (entries, folder) => {
          done.push(['download', entries.map(({ path }) => path), folder]);
        },
        confirm: async (entries, folder) => {
          done.push(['ask', entries.map(({ path }) => path), folder]);
        }
      },
      isVisible: true,
      node: null as unknown as HTMLElement,
      disposed: new Signal<unknown, void>({}),
      shown: new Signal<unknown, void>({}),
      addSection: () => undefined,
      focusFilter: () => undefined
    },
    viewer: {
      open: async ({ path }) => {
        done.push(['open', path]);
      }
    },
    show: () => done.push('show'),
    notifier: {
      attempt: async (action: () => Promise<unknown>) => {
        try {
          await action();
        } catch (error) {
          errors.push(error);
        }
      }
    } as unknown as ICommandContext['notifier'],
    trans
  };
  addCommands(commands, context);
  await model.cd('DL1');
  done.length = 0;
});

afterEach(() => {
  model.dispose();
  transfers.dispose();
});

describe('without arguments', () => {
  it('commands are off while nothing is selected', () => {
    expect(commands.isEnabled(CommandIDs.downloadToWorkspace)).toBe(false);
    expect(commands.isEnabled(CommandIDs.copyPath)).toBe(false);
  });

  it('they act on the selection', async () => {
    await commands.execute(CommandIDs.selectAll);
    const both = ['DL1/a.h5', 'DL1/b.h5'];
    await commands.execute(CommandIDs.copyPath);
    expect(copied).toEqual(['DL1/a.h5\nDL1/b.h5']);
    await commands.execute(CommandIDs.downloadToWorkspace);
    await commands.execute(CommandIDs.downloadTo);
    expect(done).toEqual([
      ['download', both, 'shown'],
      ['ask', both, 'chosen']
    ]);
  });
});

describe('with paths', () => {
  const paths = ['/lst/x.h5/', 'lst/y.h5'];

  it('commands act on these, whatever is selected', async () => {
    await commands.execute(CommandIDs.selectAll);
    const args = { paths, destination: 'run 1/' };
    expect(commands.isEnabled(CommandIDs.downloadToWorkspace, args)).toBe(true);
    await commands.execute(CommandIDs.downloadToWorkspace, args);
    await commands.execute(CommandIDs.downloadTo, { paths });
    const both = ['lst/x.h5', 'lst/y.h5'];
    expect(done).toEqual([
      ['download', both, 'run 1'],
      ['ask', both, 'chosen']
    ]);
    await commands.execute(CommandIDs.copyPath, { paths });
    expect(copied).toEqual(['lst/x.h5\nlst/y.h5']);
  });

  it('a file is opened, and a directory is shown', async () => {
    await commands.execute(CommandIDs.open, { paths: ['lst/x.h5'] });
    expect(done).toEqual([['open', 'lst/x.h5']]);
    await model.cd('');
    await commands.execute(CommandIDs.open, { paths: ['DL1'] });
    expect(model.path).toBe('DL1');
    expect(done).toContain('show');
  });

  it('what does not exist is told, and nothing is done', async () => {
    const args = { paths: ['lst/x.h5', 'missing'] };
    await commands.execute(CommandIDs.downloadToWorkspace, args);
    expect(errors).toMatchObject([{ code: 'not-found' }]);
    expect(done).toEqual([]);
  });

  it('no paths are nothing to act on', () => {
    const args = { paths: [] };
    expect(commands.isEnabled(CommandIDs.downloadToWorkspace, args)).toBe(
      false
    );
  });
});

it.each([
  [CommandIDs.open, ['paths']],
  [CommandIDs.reveal, ['paths']],
  [CommandIDs.downloadToWorkspace, ['paths', 'destination']],
  [CommandIDs.downloadTo, ['paths', 'destination']],
  [CommandIDs.downloadToComputer, ['paths']],
  [CommandIDs.copyPath, ['paths']],
  [CommandIDs.copyAsPython, ['paths']],
  [CommandIDs.openPanel, ['path']],
  [CommandIDs.goUp, []]
])('%s describes its arguments', async (command, names) => {
  const { args } = await commands.describedBy(command);
  expect(args).toMatchObject({ type: 'object' });
  expect(Object.keys(args?.properties ?? {})).toEqual(names);
  expect(args?.required).toBeUndefined();
});
