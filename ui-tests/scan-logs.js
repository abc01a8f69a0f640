const fs = require('fs');
const path = require('path');

/** What JupyterLabs and service have written while the tests ran (see servers.py). */
const LOGS = ['service', 'open', 'secured', 'tokenless'];
/** What a JupyterLab keeps, apart from what its user works with. */
const KEPT = ['config', 'data', 'runtime', 'settings', 'tmp', 'workspaces'];
const REQUEST = /\b(GET|POST|PUT|PATCH|DELETE|HEAD) \/\S*/;
const BLOCK = 1 << 20;

/** What must not be found, by what it is called: a secret itself is not printed. */
function needles(root, env) {
  const { CTADATA_UI_STORAGE_TOKEN, CTADATA_UI_TOKEN } = env;
  const folder = path.join(root, 'certificates');
  const keys = fs.readdirSync(folder).flatMap(name => {
    const pem = fs.readFileSync(path.join(folder, name), 'latin1');
    const blocks = pem.match(/-----BEGIN [A-Z ]*KEY-----[^-]*/g) ?? [];
    return blocks.flatMap(block =>
      block
        .split('\n')
        .filter(line => /^[A-Za-z0-9+/=]{40,}$/.test(line))
        .map(line => [`a line of the key of ${name}`, line])
    );
  });
  if (keys.length === 0 || !CTADATA_UI_STORAGE_TOKEN || !CTADATA_UI_TOKEN) {
    throw new Error('It is not known what to look for');
  }
  const everywhere = [
    ['a private key', 'PRIVATE KEY'],
    ['a certificate', 'BEGIN CERTIFICATE'],
    ['the token of the storage', CTADATA_UI_STORAGE_TOKEN],
    ...keys
  ];
  return {
    everywhere,
    // Jupyter's own is in its files in `runtime`, which only their owner can read.
    inLogs: [...everywhere, ['the token of Jupyter', CTADATA_UI_TOKEN]]
  };
}

/** The names of those that are in a file. */
function search(file, wanted) {
  const found = new Set();
  const overlap = Math.max(...wanted.map(([, text]) => text.length));
  const buffer = Buffer.alloc(BLOCK);
  const descriptor = fs.openSync(file, 'r');
  try {
    let rest = '';
    for (;;) {
      const length = fs.readSync(descriptor, buffer);
      if (length === 0) {
        return [...found];
      }
      const text = rest + buffer.toString('latin1', 0, length);
      for (const [name, secret] of wanted) {
        if (text.includes(secret)) {
          found.add(name);
        }
      }
      rest = text.slice(-overlap);
    }
  } finally {
    fs.closeSync(descriptor);
  }
}

function filesBelow(folder) {
  if (!fs.existsSync(folder)) {
    return [];
  }
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath ?? entry.path, entry.name));
}

/** What is wrong with what was written below a directory. */
function problems(root, env) {
  const { everywhere, inLogs } = needles(root, env);
  const logs = LOGS.map(name => path.join(root, 'logs', `${name}.log`));
  const silent = logs
    .filter(
      file =>
        !fs.existsSync(file) || !REQUEST.test(fs.readFileSync(file, 'latin1'))
    )
    .map(file => `${file}: no request was written down`);
  const kept = LOGS.flatMap(lab =>
    KEPT.flatMap(folder => filesBelow(path.join(root, lab, folder)))
  );
  const found = (files, wanted) =>
    files
      .filter(file => fs.existsSync(file))
      .flatMap(file => search(file, wanted).map(name => `${file}: ${name}`));
  return [...silent, ...found(logs, inLogs), ...found(kept, everywhere)];
}

/** The end of a run: it fails where a secret was written down, or nothing at all. */
module.exports = () => {
  const found = problems(process.env.CTADATA_UI_ROOT, process.env);
  if (found.length > 0) {
    throw new Error(`Not fit to be written down:\n${found.join('\n')}`);
  }
};
