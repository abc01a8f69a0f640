import * as fs from 'fs';
import * as path from 'path';
import * as ts from 'typescript';

const SOURCES = path.join(__dirname, '..');

/** The sources, named as from `src/`, without their endings. */
const modules = fs
  .readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter(name => /(?<!\.d)\.tsx?$/.test(name) && !name.includes('__tests__'))
  .sort();

/** What each of them imports of the others, for types too. */
const imports = new Map(
  modules.map(name => {
    const text = fs.readFileSync(path.join(SOURCES, name), 'utf8');
    const found = ts
      .preProcessFile(text, true, true)
      .importedFiles.map(({ fileName }) => fileName)
      .filter(other => other.startsWith('.') && !other.endsWith('.svg'))
      .map(other => path.posix.join(path.posix.dirname(name), other));
    return [name.replace(/\.tsx?$/, ''), found] as const;
  })
);

/** The first circle below a module, as the names along it. */
function findCycle(name: string, above: readonly string[]): string[] | null {
  if (above.includes(name)) {
    return [...above.slice(above.indexOf(name)), name];
  }
  if (finished.has(name)) {
    return null;
  }
  for (const other of imports.get(name) ?? []) {
    const cycle = findCycle(other, [...above, name]);
    if (cycle) {
      return cycle;
    }
  }
  finished.add(name);
  return null;
}

const finished = new Set<string>();

it('finds the sources and their imports', () => {
  expect(imports.get('index')).toContain('plugins/panel');
  for (const [name, others] of imports) {
    for (const other of others) {
      expect([name, other, imports.has(other)]).toEqual([name, other, true]);
    }
  }
});

it('has no import cycle, those of types included', () => {
  for (const name of imports.keys()) {
    expect(findCycle(name, [])).toBeNull();
  }
});

/** Which folders a folder's modules may import from; they may all use their own. */
const BELOW: Record<string, readonly string[]> = {
  common: [],
  api: ['common'],
  ui: ['common', 'api']
};

it.each(Object.keys(BELOW))('%s knows nothing of what uses it', folder => {
  for (const [name, others] of imports) {
    if (name.startsWith(`${folder}/`)) {
      const known = [folder, ...BELOW[folder]];
      const above = others.filter(
        other => !known.includes(other.split('/')[0])
      );
      expect([name, above]).toEqual([name, []]);
    }
  }
});

it('plugins are known to index.ts alone', () => {
  for (const [name, others] of imports) {
    const plugins = others.filter(other => other.startsWith('plugins/'));
    expect([name, plugins]).toEqual([name, name === 'index' ? plugins : []]);
  }
});
