import { TranslationBundle } from '@jupyterlab/translation';
import { MimeData } from '@lumino/coreutils';
import { Drag } from '@lumino/dragdrop';

import { IEntry } from '../api/types';
import { printable } from '../common/printable';
import { cellCode } from './python-cells';

/** Pixels after which a pressed mouse drags, as in the core file browser. */
const THRESHOLD = 5;

/** Cells, as notebooks exchange them. */
const CELLS = 'application/vnd.jupyter.cells';

/**
 * Drag what is selected, if the mouse that has been pressed on a row moves before it is released.
 *
 * A notebook takes it as a cell that downloads and opens it, an editor as the code of that cell.
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
      // The mouse was released where nobody told this page.
      stop.abort();
      return;
    }
    // The text of the rows is not what is dragged.
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
      // It comes from the user, as a cell does that is typed.
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

/** What hangs on the mouse: the name, or how many. */
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
