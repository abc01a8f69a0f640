import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { RequestError, toRequestError } from '../../api/errors';
import { explainBriefly } from '../../api/explain';
import { exactPath, printable } from '../../common/printable';
import { focusListing } from '../../ui/focus';
import { BrowserModel } from '../model';
import {
  commonStart,
  completions,
  fitting,
  splitTyped
} from '../path-completion';

const LIST_ID = 'jp-CTAData-completions';

/** A box to type a path, with suggestions. */
export function PathBox(props: {
  model: BrowserModel;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, trans } = props;
  const [text, setText] = React.useState(printable(model.path));
  const [error, setError] = React.useState<RequestError | null>(null);
  const [chosen, setChosen] = React.useState(-1);
  // Suggestions for earlier text may no longer match.
  const path = exactPath(text);
  const offered = fitting(useCompletions(model, path), path);
  const box = React.useRef<HTMLInputElement>(null);
  // The last check of whether a path exists; the same path may be checked twice.
  const asked = React.useRef<object | null>(null);
  const isLeaving = useLeaving(box);
  const leave = () => {
    if (box.current) {
      focusListing(box.current);
    }
    model.editing = false;
  };
  /** Further typing, or closing the box, aborts the pending check. */
  const forget = () => {
    if (asked.current !== null) {
      asked.current = null;
      model.cancel();
    }
  };
  const go = async (path: string) => {
    const input = box.current;
    const panel = input?.closest('.jp-CTAData');
    const request = (asked.current = {});
    setError(null);
    try {
      await model.open(path.trim());
    } catch (thrown) {
      if (asked.current === request) {
        asked.current = null;
        setError(toRequestError(thrown));
      }
      return;
    }
    asked.current = null;
    // Do not take the focus from an element that the user has moved to.
    const focused = document.activeElement;
    if (panel && (focused === input || focused === document.body)) {
      focusListing(panel);
    }
    // If this box is gone, another one is being edited.
    if (box.current) {
      model.editing = false;
    }
  };
  const type = (typed: string) => {
    forget();
    setText(printable(typed));
    setError(null);
    setChosen(-1);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const count = offered.length;
    if (event.key === 'Enter') {
      void go(offered[chosen] ?? path);
    } else if (event.key === 'Escape') {
      forget();
      leave();
    } else if (event.key === 'Tab' && count > 0 && !event.shiftKey) {
      type(offered[chosen] ?? commonStart(offered));
    } else if (event.key === 'ArrowDown' && count > 0) {
      setChosen((chosen + 1) % count);
    } else if (event.key === 'ArrowUp' && count > 0) {
      setChosen(chosen <= 0 ? count - 1 : chosen - 1);
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className="jp-CTAData-crumbs jp-mod-editing">
      <input
        ref={box}
        className="jp-CTAData-pathBox"
        autoFocus
        spellCheck={false}
        autoComplete="off"
        role="combobox"
        aria-label={trans.__('Path')}
        aria-autocomplete="list"
        aria-expanded={offered.length > 0}
        aria-controls={LIST_ID}
        aria-activedescendant={chosen < 0 ? undefined : optionId(chosen)}
        aria-invalid={error !== null}
        value={text}
        onFocus={event => event.target.select()}
        onChange={event => type(event.target.value)}
        onBlur={() => {
          // Stay open while a message is being read, and when JupyterLab itself takes the focus.
          if (!error && isLeaving()) {
            model.editing = false;
          }
        }}
        onKeyDown={onKeyDown}
      />
      <ul
        id={LIST_ID}
        className="jp-CTAData-completions"
        role="listbox"
        aria-label={trans.__('Suggestions')}
        hidden={offered.length === 0}
      >
        {offered.map((path, index) => (
          <li
            key={path}
            id={optionId(index)}
            ref={index === chosen ? scrollToIt : undefined}
            role="option"
            aria-selected={index === chosen}
            onMouseDown={event => {
              // Keep the focus in the box.
              event.preventDefault();
              void go(path);
            }}
          >
            <bdi>{printable(path)}</bdi>
          </li>
        ))}
      </ul>
      {error && (
        <div className="jp-CTAData-inlineError" role="alert">
          {explainBriefly(error, trans)}
        </div>
      )}
    </div>
  );
}

/** Tells whether the user is leaving the box, by mouse or Tab key. */
function useLeaving(box: React.RefObject<HTMLElement>): () => boolean {
  const leaving = React.useRef(false);
  React.useEffect(() => {
    const stop = new AbortController();
    const options = { capture: true, signal: stop.signal };
    const note = (event: Event) => {
      leaving.current =
        event instanceof KeyboardEvent
          ? event.key === 'Tab'
          : !box.current?.contains(event.target as Node);
    };
    const forget = () => {
      leaving.current = false;
    };
    for (const type of ['pointerdown', 'mousedown', 'keydown']) {
      document.addEventListener(type, note, options);
    }
    for (const type of ['pointerup', 'mouseup', 'keyup']) {
      document.addEventListener(type, forget, options);
    }
    return () => stop.abort();
  }, [box]);
  return () => leaving.current;
}

/** Suggestions for the typed path; none while it is still the current path. */
function useCompletions(model: BrowserModel, text: string): string[] {
  const [offered, setOffered] = React.useState<string[]>([]);
  const first = React.useRef(true);
  React.useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    let stale = false;
    const { parent, start } = splitTyped(text);
    void model.lookUp(parent).then(directory => {
      if (!stale) {
        const found = directory ? completions(directory, start) : [];
        setOffered(found.length === 1 && found[0] === text ? [] : found);
      }
    });
    return () => {
      stale = true;
    };
  }, [model, text]);
  return offered;
}

function optionId(index: number): string {
  return `jp-CTAData-completion-${index}`;
}

function scrollToIt(node: HTMLElement | null): void {
  node?.scrollIntoView({ block: 'nearest' });
}
