import { BrowserModel } from '../model';
import { IRequest, TestServer, directory, entry } from './server';

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
  const path = decodeURIComponent(request.path.replace('resources/', ''));
  const name = path.split('/').pop();
  request.answer(200, directory(path, ['sub/', `in ${name}.h5`]));
}

const names = () => model.rows.map(({ name }) => name);

describe('browsing', () => {
  it('loads once when started, and again when refreshed', async () => {
    server.handler = answerAll;
    expect(model.count).toBeNull();
    await model.start();
    await model.start();
    expect(server.log).toEqual(['GET resources/']);
    expect(names()).toEqual(['sub', 'in .h5']);
    await model.refresh();
    expect(server.log).toHaveLength(2);
  });

  it('quotes what it asks for', async () => {
    server.handler = answerAll;
    await model.cd('odd #1/50%');
    expect(server.log).toEqual(['GET resources/odd%20%231/50%25']);
    expect(names()).toContain('in 50%.h5');
  });

  it('goes up to the directory that it came from', async () => {
    server.handler = answerAll;
    await model.cd('lst/sub');
    const paths: string[] = [];
    model.pathChanged.connect((_, path) => {
      paths.push(path);
    });
    await model.goUp();
    expect(model.selection.focus).toBe(0);
    expect(names()[0]).toBe('sub');
    await model.goUp();
    await model.goUp();
    expect(paths).toEqual(['lst', '']);
  });

  it('filters, sorts, and forgets the filter in another directory', async () => {
    server.handler = request =>
      request.answer(200, directory('x', ['Run10', 'Run9', 'other']));
    await model.cd('x');
    model.setFilter('run');
    model.sortBy('name');
    expect(names()).toEqual(['Run10', 'Run9']);
    expect(model.count).toBe(3);
    await model.cd('y');
    expect(model.filter).toBe('');
    expect(model.rows).toHaveLength(3);
  });

  it('keeps the rows and the selection while it refreshes', async () => {
    server.handler = answerAll;
    await model.cd('lst');
    model.select(1);
    const done = model.refresh();
    expect(model.loading).toBe(true);
    expect(names()).toEqual(['sub', 'in lst.h5']);
    await done;
    expect(model.selectedEntries.map(({ name }) => name)).toEqual([
      'in lst.h5'
    ]);
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
        ? request.answer(200, {
            ...entry('lst/a.h5'),
            entries: [],
            truncated: false
          })
        : request.answer(200, directory('lst', ['0.h5', 'a.h5']));
    await model.open('/lst/');
    expect(model.path).toBe('lst');
    await model.cd('');
    await model.open('lst/a.h5');
    expect(model.path).toBe('lst');
    expect(model.selectedEntries.map(({ name }) => name)).toEqual(['a.h5']);
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
    [200, '<html>login</html>', 'internal', 'HTTP 200']
  ])('%p with %p is %p', async (status, body, code, message) => {
    server.handler = request => request.answer(status, body);
    await model.cd('x');
    expect(model.error).toMatchObject({ code, message });
    expect(model.rows).toEqual([]);
    expect(model.loading).toBe(false);
  });

  it('finds out which service does not answer', async () => {
    const url = 'https://somewhere.example/services/downloadservice/';
    server.handler = request =>
      request.path === 'status'
        ? request.answer(200, { service: { url } })
        : request.answer(502, { code: 'service-unreachable', message: 'Down' });
    await model.cd('x');
    expect(model.error?.message).toBe('Down');
    expect(model.status?.service.url).toBe(url);
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
    server.handler = request =>
      request.answer(200, { ...entry('f'), entries: [], truncated: false });
    await model.cd('f');
    expect(model.error?.code).toBe('not-a-directory');
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
