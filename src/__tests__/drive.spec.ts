import { IDocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { TranslationBundle } from '@jupyterlab/translation';

import { IEntry } from '../api';
import { CTADrive } from '../documents/drive';
import { Viewer } from '../documents/viewer';
import { TestServer, directory, entry } from './server';

const server = new TestServer();
const LIMIT = 1000;
let drive: CTADrive;
/** What the storage has. */
let files: Record<string, Uint8Array>;

/** The kinds of files, as JupyterLab knows them; its own registry needs a page. */
const registry = {
  getFileTypeForModel: ({ name = '' }) =>
    name.endsWith('.png')
      ? { contentType: 'file', fileFormat: 'base64', mimeTypes: ['image/png'] }
      : name.endsWith('.ipynb')
        ? { contentType: 'notebook', fileFormat: 'json', mimeTypes: [] }
        : { contentType: 'file', fileFormat: 'text', mimeTypes: ['text/plain'] }
} as unknown as DocumentRegistry;

const trans = { __: (text: string) => text } as TranslationBundle;

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  server.log.length = 0;
  files = {};
  server.handler = ({ path, answer }) => {
    const [kind, ...segments] = path.split('/').map(decodeURIComponent);
    const name = segments.join('/');
    const content = files[name];
    if (!content) {
      answer(404, { code: 'not-found', message: `Nothing at ${name}` });
    } else if (kind === 'files') {
      answer(200, content);
    } else {
      const facts: Partial<IEntry> = { size: content.length };
      answer(200, { ...entry(name, facts), entries: [], truncated: false });
    }
  };
  const { api } = server;
  drive = new CTADrive({ api, registry, limit: () => LIMIT, trans });
});
afterEach(() => drive.dispose());

const bytes = (text: string) => new TextEncoder().encode(text);

describe('the drive gives', () => {
  it('directories with what is in them', async () => {
    server.handler = ({ answer }) =>
      answer(200, directory('lst', ['sub/', 'a.ipynb', 'b.png']));
    const model = await drive.get('lst');
    expect(model).toMatchObject({ type: 'directory', format: 'json' });
    expect(model.writable).toBe(false);
    expect(
      (model.content as (typeof model)[]).map(({ path, type, writable }) => [
        path,
        type,
        writable
      ])
    ).toEqual([
      ['lst/sub', 'directory', false],
      ['lst/a.ipynb', 'notebook', false],
      ['lst/b.png', 'file', false]
    ]);
  });

  it('text, whatever its name', async () => {
    files['odd #1/50%.txt'] = bytes('Übergröße\r\n');
    expect(await drive.get('odd #1/50%.txt')).toMatchObject({
      name: '50%.txt',
      type: 'file',
      format: 'text',
      mimetype: 'text/plain',
      writable: false,
      content: 'Übergröße\r\n'
    });
    expect(server.log).toEqual([
      'GET resources/odd%20%231/50%25.txt',
      'GET files/odd%20%231/50%25.txt'
    ]);
  });

  it('bytes in base64', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    files['a.png'] = all;
    const { content } = await drive.get('a.png');
    expect(Buffer.from(content as string, 'base64').equals(all)).toBe(true);
  });

  it('long files in base64', async () => {
    const long = new Uint8Array(100_001).fill(7);
    const { api } = server;
    files['a.png'] = long;
    drive = new CTADrive({ api, registry, limit: () => 1e6, trans });
    const { content } = await drive.get('a.png');
    expect(Buffer.from(content as string, 'base64').equals(long)).toBe(true);
  });

  it('notebooks, whose outputs are never trusted', async () => {
    const notebook = {
      nbformat: 4,
      cells: [{ metadata: { trusted: true, tags: ['a'] } }, { metadata: {} }]
    };
    files['a.ipynb'] = bytes(JSON.stringify(notebook));
    const model = await drive.get('a.ipynb');
    expect(model).toMatchObject({ type: 'notebook', format: 'json' });
    expect(model.content).toEqual({
      nbformat: 4,
      cells: [{ metadata: { tags: ['a'] } }, { metadata: {} }]
    });
    // As text, where somebody wants to see it so.
    expect(
      (await drive.get('a.ipynb', { type: 'file', format: 'text' })).content
    ).toBe(JSON.stringify(notebook));
  });

  it('facts alone without reading', async () => {
    files['a.txt'] = bytes('text');
    const model = await drive.get('a.txt', { content: false });
    expect(model).toMatchObject({ size: 4, content: null, format: null });
    expect(server.log).toEqual(['GET resources/a.txt']);
  });

  it('once what was prepared', async () => {
    files['a.txt'] = bytes('text');
    const form = { type: 'file', format: 'text' } as const;
    await drive.prepare('a.txt', form);
    expect(server.log).toHaveLength(2);
    expect((await drive.get('a.txt', form)).content).toBe('text');
    expect(server.log).toHaveLength(2);
    await drive.get('a.txt', form);
    expect(server.log).toHaveLength(4);
  });
});

describe('the drive refuses', () => {
  it.each([
    ['a.txt', Uint8Array.of(0xc3, 0x28), 'no-viewer'],
    ['zeros.txt', Uint8Array.of(65, 0, 65), 'no-viewer'],
    ['a.ipynb', bytes('{"nbformat": 3, "worksheets": []}'), 'no-viewer'],
    ['b.ipynb', bytes('{"nbformat": 4'), 'no-viewer'],
    ['c.ipynb', bytes('null'), 'no-viewer'],
    ['long.txt', new Uint8Array(LIMIT + 1).fill(65), 'too-large']
  ])('%p', async (name, content, code) => {
    files[name] = content;
    await expect(drive.get(name)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/\.$/)
    });
  });

  it('what has become too large since it was listed', async () => {
    server.handler = ({ path, answer }) =>
      path.startsWith('files')
        ? answer(200, new Uint8Array(LIMIT + 1).fill(65))
        : answer(200, { ...entry('a.txt'), entries: [], truncated: false });
    await expect(drive.get('a.txt')).rejects.toMatchObject({
      code: 'too-large'
    });
  });

  it('what is not there, in the words of the server', async () => {
    await expect(drive.get('no.txt')).rejects.toMatchObject({
      code: 'not-found',
      message: 'Nothing at no.txt'
    });
  });

  it.each(['..', 'lst/../../api/contents', 'lst/.'])(
    '%p without asking',
    async path => {
      await expect(drive.get(path)).rejects.toMatchObject({
        code: 'invalid-path'
      });
      expect(server.log).toEqual([]);
    }
  );

  it('every change', async () => {
    expect(await drive.listCheckpoints()).toEqual([]);
    const changes = await Promise.allSettled([
      drive.save(),
      drive.rename(),
      drive.delete(),
      drive.copy(),
      drive.newUntitled(),
      drive.createCheckpoint(),
      drive.restoreCheckpoint(),
      drive.deleteCheckpoint()
    ]);
    for (const change of changes) {
      expect(change).toMatchObject({ reason: { code: 'read-only' } });
    }
    expect(server.log).toEqual([]);
  });
});

describe('the viewer', () => {
  it('puts what took long behind what was opened meanwhile', async () => {
    files['slow.txt'] = bytes('slow');
    files['quick.txt'] = bytes('quick');
    const answerAll = server.handler;
    let release: () => void = () => undefined;
    const released = new Promise<void>(resolve => {
      release = resolve;
    });
    server.handler = request => {
      const ready = request.path.includes('slow') ? released : undefined;
      void Promise.resolve(ready).then(() => answerAll(request));
    };
    const opened: [string, boolean | undefined][] = [];
    // JupyterLab's own manager needs a page.
    const manager = {
      registry: {
        defaultWidgetFactory: () => ({ modelName: 'text' }),
        getModelFactory: () => ({ fileFormat: 'text', contentType: 'file' }),
        getFileTypesForPath: () => []
      },
      findWidget: () => undefined,
      openOrReveal: (
        path: string,
        _: string,
        __: undefined,
        options: { activate?: boolean }
      ) => opened.push([path, options.activate])
    } as unknown as IDocumentManager;
    const viewer = new Viewer(drive, manager, () => LIMIT);
    const slow = viewer.open(entry('slow.txt'));
    await viewer.open(entry('quick.txt'));
    release();
    await slow;
    expect(opened).toEqual([
      ['cta:quick.txt', true],
      ['cta:slow.txt', false]
    ]);
  });
});
