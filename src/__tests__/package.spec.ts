import { execFileSync } from 'child_process';
import * as fs from 'fs';
import * as os from 'os';
import * as path from 'path';

const ROOT = path.join(__dirname, '../..');

const manifest = JSON.parse(
  fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')
);

describe('the package', () => {
  let folder: string;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ctadata-'));
  });

  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it('has what is needed at run time and for types, and nothing else', () => {
    for (const name of ['package.json', 'README.md', 'style', 'schema']) {
      fs.cpSync(path.join(ROOT, name), path.join(folder, name), {
        recursive: true
      });
    }
    for (const name of [
      'lib/index.js',
      'lib/index.d.ts',
      'lib/plugins/panel.js',
      'lib/tsconfig.tsbuildinfo',
      'src/index.ts',
      // Makes it a project of its own.
      'yarn.lock'
    ]) {
      fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      fs.writeFileSync(path.join(folder, name), '');
    }
    const packed = execFileSync('jlpm', ['pack', '--dry-run', '--json'], {
      cwd: folder,
      encoding: 'utf8'
    })
      .split('\n')
      .filter(line => line.includes('"location"'))
      .map(line => (JSON.parse(line) as { location: string }).location);
    expect(packed).toEqual(
      expect.arrayContaining([
        manifest.main,
        manifest.types,
        manifest.style,
        manifest.styleModule,
        'lib/plugins/panel.js',
        'schema/panel.json',
        'style/icons/cta.svg'
      ])
    );
    const known = /^(lib\/.*\.(js|d\.ts)|(style|schema)\/.*|[^/]*)$/;
    expect(packed.filter(name => !known.test(name))).toEqual([]);
  });

  it('can be published, and says where it is from', () => {
    expect(manifest.private).toBeUndefined();
    expect(manifest.publishConfig).toEqual({ access: 'public' });
    expect(manifest.repository.url).toContain(manifest.homepage);
    expect(manifest.bugs.url).toContain(manifest.homepage);
    const pyproject = fs.readFileSync(
      path.join(ROOT, 'pyproject.toml'),
      'utf8'
    );
    expect(pyproject).toContain(`Homepage = "${manifest.homepage}"`);
  });
});

it('the example of an extension in the docs is the one whose types are checked', () => {
  const example = fs
    .readFileSync(path.join(__dirname, 'example-extension.ts'), 'utf8')
    .replace("from '../index'", "from 'ctadata'");
  const docs = fs.readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8');
  expect(docs).toContain('```ts\n' + example + '```');
});
