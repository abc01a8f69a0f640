import { TranslationBundle } from '@jupyterlab/translation';
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

import { IEntry } from '../api/types';
import { printable } from '../common/printable';
import { cellCode } from './python-cells';

/** Pixels of movement that start a drag, as in the core file browser. */
const THRESHOLD = 5;

/** The MIME type of notebook cells. */
const CELLS = 'application/vnd.jupyter.cells';

/**
 * Start dragging the selection once the pressed mouse moves.
 *
 * A notebook receives a cell that downloads and opens the files, an editor the code of that cell.
 */
export function dragSelected(
  press: MouseEvent,
  selected: () => readonly IEntry[],
  trans: TranslationBundle
): void {
  const stop = new AbortController();
  const options = { capture: true, signal: stop.signal };
  const onMove = (event: MouseEvent) => {
    if ((event.buttons & 1) === 0) {
      // The mouse was released outside the page.
      stop.abort();
      return;
    }
    // Do not drag the text of the rows.
    event.preventDefault();
    const dx = Math.abs(event.clientX - press.clientX);
    const dy = Math.abs(event.clientY - press.clientY);
    if (dx >= THRESHOLD || dy >= THRESHOLD) {
      stop.abort();
      const entries = selected();
      if (entries.length > 0) {
        void start(entries, event, trans);
      }
    }
  };
  document.addEventListener('mousemove', onMove, options);
  document.addEventListener('mouseup', () => stop.abort(), options);
}

async function start(
  entries: readonly IEntry[],
  { clientX, clientY }: MouseEvent,
  trans: TranslationBundle
): Promise<void> {
  const source = cellCode(entries);
  const mimeData = new MimeData();
  mimeData.setData(CELLS, [
    {
      cell_type: 'code',
      source,
      // The cell comes from the user, like one that is typed.
      metadata: { trusted: true },
      outputs: [],
      execution_count: null
    }
  ]);
  mimeData.setData('text/plain', source);
  const drag = new Drag({
    mimeData,
    dragImage: image(entries, trans),
    supportedActions: 'copy',
    proposedAction: 'copy'
  });
  await drag.start(clientX, clientY);
  drag.dispose();
}

/** The drag image: the name, or the number of entries. */
function image(
  entries: readonly IEntry[],
  trans: TranslationBundle
): HTMLElement {
  const node = document.createElement('div');
  node.className = 'jp-CTAData-dragImage';
  node.textContent =
    entries.length === 1
      ? printable(entries[0].name)
      : trans._n('%1 item', '%1 items', entries.length);
  return node;
}
