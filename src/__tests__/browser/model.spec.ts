import { API_VERSION } from '../../api/client';
import { BrowserModel } from '../../browser/model';
import { IRequest, TestServer, directory, file } from '../helpers/test-server';

const server = new TestServer();
let model: BrowserModel;

beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => {
  server.log.length = 0;
  model = new BrowserModel(server.api);
});
afterEach(() => model.dispose());

/** Answer each directory with one file, whose name says where it is. */
function answerAll(request: IRequest): void {
  if (request.path === 'status') {
    request.answer(200, status);
    return;
  }
  const path = decodeURIComponent(request.path.replace('resources/', ''));
  const name = path.split('/').pop();
  request.answer(200, directory(path, ['sub/', `in ${name}.h5`]));
}

const status = {
  service: { url: 'https://somewhere.example/services/downloadservice/' },
  versions: { api: API_VERSION, ctadata: '1.0.0' }
};

const { names, selected } = {
  names: () =>
    Array.from({ length: model.rows.length }, (_, row) =>
      model.rows.nameAt(row)
    ),
  selected: () => model.rows.selected.entries.map(({ name }) => name)
};

describe('browsing', () => {
  it('loads once when started, and again when refreshed', async () => {
    server.handler = answerAll;
    expect(model.count).toBeNull();
    await model.start();
    await model.start();
    expect(server.log.sort()).toEqual(['GET resources/', 'GET status']);
    expect(names()).toEqual(['sub', 'in .h5']);
    await model.refresh();
    expect(server.log).toHaveLength(3);
  });

  it('quotes what it asks for', async () => {
    server.handler = answerAll;
    await model.cd('odd #1/50%');
    expect(server.log).toEqual(['GET resources/odd%20%231/50%25']);
    expect(names()).toContain('in 50%.h5');
  });

  it('no longer waits for what is typed on from', async () => {
    let first: Promise<unknown> = Promise.resolve();
    const asked = new Promise<IRequest>(resolve => {
      server.handler = request =>
        request.path === 'resources/hangs'
          ? resolve(request)
          : answerAll(request);
      first = model.lookUp('hangs');
    });
    const { aborted } = await asked;
    const second = model.lookUp('lst');
    await aborted;
    expect(await first).toBeNull();
    expect((await second)?.name(0)).toBe('sub');
  });

  it('goes up to the directory that it came from', async () => {
    server.handler = answerAll;
    await model.cd('lst/sub');
    const paths: string[] = [];
    model.pathChanged.connect((_, path) => {
      paths.push(path);
    });
    await model.goUp();
    expect(model.rows.selection.focus).toBe(0);
    expect(names()[0]).toBe('sub');
    await model.goUp();
    await model.goUp();
    expect(paths).toEqual(['lst', '']);
  });

  it('filters, sorts, and forgets the filter in another directory', async () => {
    server.handler = request =>
      request.answer(200, directory('x', ['other', 'Run9', 'Run10']));
    await model.cd('x');
    model.rows.filter = 'run';
    model.rows.sortBy('name');
    expect(names()).toEqual(['Run10', 'Run9']);
    expect(model.count).toBe(3);
    await model.cd('y');
    expect(model.rows.filter).toBe('');
    expect(model.rows).toHaveLength(3);
  });

  it('keeps the rows and the selection while it refreshes', async () => {
    server.handler = answerAll;
    await model.cd('lst');
    model.rows.select(1);
    const done = model.refresh();
    expect(model.loading).toBe(true);
    expect(names()).toEqual(['sub', 'in lst.h5']);
    await done;
    expect(selected()).toEqual(['in lst.h5']);
  });
});

describe('stale answers', () => {
  it('never shows the answer for a directory that was left', async () => {
    const waiting: IRequest[] = [];
    const arrived = new Promise<void>(resolve => {
      server.handler = request => {
        waiting.push(request);
        resolve();
      };
    });
    const slow = model.cd('slow');
    await arrived;
    server.handler = answerAll;
    await model.cd('quick');
    await waiting[0].aborted;
    waiting[0].answer(200, directory('slow', ['stale.h5']));
    await slow;
    expect(model.path).toBe('quick');
    expect(names()).toEqual(['sub', 'in quick.h5']);
    expect(model.error).toBeNull();
    expect(model.loading).toBe(false);
  });

  it('stops waiting when it is told to', async () => {
    const arrived = new Promise<IRequest>(resolve => {
      server.handler = resolve;
    });
    const slow = model.cd('slow');
    const request = await arrived;
    model.cancel();
    await request.aborted;
    await slow;
    expect(model.loading).toBe(false);
    expect(model.error?.code).toBe('cancelled');
  });
});

describe('typed paths', () => {
  it('opens directories, and selects files in theirs', async () => {
    server.handler = request =>
      request.path === 'resources/lst/a.h5'
        ? request.answer(200, file('lst/a.h5'))
        : request.answer(200, directory('lst', ['0.h5', 'a.h5']));
    await model.open('/lst/');
    expect(model.path).toBe('lst');
    await model.cd('');
    await model.open('lst/a.h5');
    expect(model.path).toBe('lst');
    expect(selected()).toEqual(['a.h5']);
  });

  it('changes nothing when there is no such path', async () => {
    server.handler = answerAll;
    await model.cd('lst');
    server.handler = request =>
      request.answer(404, { code: 'not-found', message: 'Nothing at wrong' });
    await expect(model.open('wrong')).rejects.toMatchObject({
      code: 'not-found',
      message: 'Nothing at wrong'
    });
    expect(model.path).toBe('lst');
    expect(names()).toEqual(['sub', 'in lst.h5']);
    expect(model.error).toBeNull();
  });
});

describe('errors', () => {
  it.each([
    [424, { code: 'no-token', message: 'Take one' }, 'no-token', 'Take one'],
    [424, { code: 'token-refused', message: 'x' }, 'token-refused', 'x'],
    [403, { message: 'Forbidden' }, 'logged-out', ''],
    [404, '<html>404</html>', 'extension-missing', ''],
    [500, '<html>500</html>', 'internal', 'HTTP 500'],
    [502, '<html>502</html>', 'server-unreachable', 'HTTP 502'],
    [503, '<html>503</html>', 'server-unreachable', 'HTTP 503'],
    [504, '', 'server-unreachable', 'HTTP 504'],
    [424, '<html>stopped</html>', 'server-unreachable', 'HTTP 424'],
    [200, '<html>login</html>', 'not-offered', '']
  ])('%p with %p is %p', async (status, body, code, message) => {
    server.handler = request => request.answer(status, body);
    await model.cd('x');
    expect(model.error).toMatchObject({ code, message });
    expect(model.rows).toHaveLength(0);
    expect(model.loading).toBe(false);
  });

  it('finds out which service does not answer', async () => {
    server.handler = request =>
      request.path === 'status'
        ? request.answer(200, status)
        : request.answer(502, { code: 'service-unreachable', message: 'Down' });
    await model.cd('x');
    expect(model.error?.message).toBe('Down');
    expect(model.status?.service.url).toBe(status.service.url);
  });

  it('says that the Jupyter server is gone, and recovers', async () => {
    const gone = new TestServer();
    await gone.start();
    const { api } = gone;
    await gone.stop();
    const lost = new BrowserModel(api);
    await lost.refresh();
    expect(lost.error?.code).toBe('server-unreachable');
    lost.dispose();

    server.handler = request => request.answer(500, '');
    await model.refresh();
    expect(model.error).not.toBeNull();
    server.handler = answerAll;
    await model.refresh();
    expect(model.error).toBeNull();
    expect(model.count).toBe(2);
  });

  it('says that a file is not a folder', async () => {
    server.handler = request => request.answer(200, file('f'));
    await model.cd('f');
    expect(model.error?.code).toBe('not-a-directory');
  });
});

describe('coming back', () => {
  it('shows what was seen before, at once and as it was', async () => {
    server.handler = answerAll;
    await model.cd('lst');
    model.rows.select(1);
    await model.cd('cta');
    server.log.length = 0;
    const back = model.goBack();
    expect(names()).toEqual(['sub', 'in lst.h5']);
    expect(model.rows.selection.focus).toBe(1);
    await back;
    expect(server.log).toEqual([]);
    expect(model.canGoForward).toBe(true);
    await model.goForward();
    expect(model.path).toBe('cta');
    expect(model.canGoForward).toBe(false);
  });

  it('shows what it knows while it asks again for what was opened again', async () => {
    server.handler = answerAll;
    await model.cd('lst');
    await model.cd('');
    const again = model.cd('lst');
    expect(names()).toEqual(['sub', 'in lst.h5']);
    expect(model.loading).toBe(true);
    server.handler = request => request.answer(200, directory('lst', ['new']));
    await again;
    expect(names()).not.toEqual([]);
    await model.refresh();
    expect(names()).toEqual(['new']);
  });

  it('forgets what was changed', async () => {
    server.handler = answerAll;
    await model.cd('lst');
    await model.cd('cta');
    await model.invalidate('lst');
    server.log.length = 0;
    await model.goBack();
    expect(server.log).toEqual(['GET resources/lst']);
    await model.invalidate('lst');
    expect(server.log).toHaveLength(2);
  });
});

describe('searching', () => {
  const found = (name: string) => ({
    name,
    path: `lst/a/${name}`,
    type: 'file',
    size: 1,
    modified: null
  });

  it('shows what is found as it is found, and the directory again', async () => {
    server.handler = answerAll;
    await model.cd('lst');
    const asked = new Promise<IRequest>(resolve => {
      server.handler = resolve;
    });
    const shown = () =>
      new Promise<void>(resolve => {
        model.changed.connect(function look() {
          if (model.rows.length > 0) {
            model.changed.disconnect(look);
            resolve();
          }
        });
      });
    model.startSearch('run');
    expect(names()).toEqual([]);
    expect(model.count).toBe(0);
    const first = shown();
    const request = await asked;
    request.send(
      `${JSON.stringify({ entries: [found('Run10'), found('Run9')], directories: 3 })}\n`
    );
    await first;
    expect(names()).toEqual(['Run9', 'Run10']);
    expect(model.rows.keyAt(0)).toBe('a/Run9');
    expect(model.search?.running).toBe(true);
    model.search?.cancel();
    await request.aborted;
    expect(model.search?.running).toBe(false);
    expect(model.search?.error).toBeNull();
    expect(names()).toEqual(['Run9', 'Run10']);
    model.endSearch();
    expect(names()).toEqual(['sub', 'in lst.h5']);
  });

  it('says what went wrong', async () => {
    server.handler = answerAll;
    await model.cd('lst');
    server.handler = request =>
      request.answer(502, { code: 'service-unreachable', message: 'Down' });
    const failed = new Promise<void>(resolve => {
      model.changed.connect(() => {
        if (model.search?.error) {
          resolve();
        }
      });
    });
    model.startSearch('run');
    await failed;
    expect(model.search?.error?.message).toBe('Down');
    expect(model.search?.running).toBe(false);
  });
});

describe('versions', () => {
  it.each([
    [{ ctadata: '1.0.0' }, 'server-older'],
    [{ api: API_VERSION - 1, ctadata: '1.0.0' }, 'server-older'],
    [{ api: API_VERSION + 1, ctadata: '3.0.0' }, 'panel-older']
  ])('%p is refused as %p', async (versions, code) => {
    server.handler = request =>
      request.path === 'status'
        ? request.answer(200, { ...status, versions })
        : answerAll(request);
    await model.start();
    expect(model.error?.code).toBe(code);
    expect(model.rows).toHaveLength(0);
  });

  it('knows the older answers', async () => {
    server.handler = request =>
      request.answer(200, {
        ...(file('x') as object),
        type: 'directory',
        entries: []
      });
    await model.cd('x');
    expect(model.error?.code).toBe('server-older');
  });
});

describe('fileUrl', () => {
  it('quotes the path and carries the cookie’s value', () => {
    const url = server.api.fileUrl('a b/50%.h5', 'x=1; _xsrf=2|ab; y=2');
    expect(url).toMatch(
      /\/user\/a%20b\/ctadata\/files\/a%20b\/50%25\.h5\?_xsrf=2%7Cab$/
    );
    expect(server.api.fileUrl('a', '')).toMatch(/\/files\/a$/);
  });
});
