import { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import { withRow } from '../../browser/view/listing';
import { printable } from '../../common/printable';
import { INode, JsonTree, MAX_VALUE } from '../json-tree';
import { shorten } from '../plain-text';

/** Row height and indentation per level, in pixels; the maximum indentation level. */
const ROW_HEIGHT = 22;
const INDENT = 16;
const MAX_INDENTS = 30;

interface IJsonViewProps {
  value: unknown;
  trans: TranslationBundle;
}

/** A JSON value as a tree with keyboard navigation (ARIA Authoring Practices Guide, Tree View). */
export function JsonView({ value, trans }: IJsonViewProps): JSX.Element {
  const tree = React.useMemo(() => new JsonTree(value), [value]);
  const id = React.useId();
  const scroller = React.useRef<HTMLDivElement>(null);
  const [focus, setFocus] = React.useState(0);
  const [, setChanges] = React.useState(0);
  const { rows } = tree;
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    rangeExtractor: range => withRow(range, focus)
  });

  React.useEffect(() => {
    virtualizer.scrollToIndex(focus);
  }, [virtualizer, focus]);

  const toggle = (index: number) => {
    tree.toggle(index);
    setFocus(index);
    setChanges(changes => changes + 1);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    const page = Math.max(
      1,
      Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1
    );
    const node = rows[focus];
    const isClosed = !node.isOpen && Boolean(node.size);
    const goTo = (index: number) =>
      setFocus(Math.min(rows.length - 1, Math.max(0, index)));
    switch (event.key) {
      case 'ArrowDown':
        goTo(focus + 1);
        break;
      case 'ArrowUp':
        goTo(focus - 1);
        break;
      case 'PageDown':
        goTo(focus + page);
        break;
      case 'PageUp':
        goTo(focus - page);
        break;
      case 'Home':
        goTo(0);
        break;
      case 'End':
        goTo(rows.length - 1);
        break;
      case 'ArrowRight':
        if (isClosed) {
          toggle(focus);
        } else if (node.isOpen) {
          goTo(focus + 1);
        }
        break;
      case 'ArrowLeft':
        if (node.isOpen) {
          toggle(focus);
        } else {
          goTo(tree.parentOf(focus));
        }
        break;
      case 'Enter':
      case ' ':
        toggle(focus);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      className="jp-CTAData-tree"
      ref={scroller}
      role="tree"
      tabIndex={0}
      aria-label={trans.__('Content')}
      aria-activedescendant={`${id}-${focus}`}
      onKeyDown={onKeyDown}
    >
      <div
        role="presentation"
        style={{ height: virtualizer.getTotalSize(), position: 'relative' }}
      >
        {virtualizer.getVirtualItems().map(({ index, start }) => (
          <Row
            key={index}
            id={`${id}-${index}`}
            node={rows[index]}
            start={start}
            isFocused={index === focus}
            onClick={() => toggle(index)}
            trans={trans}
          />
        ))}
      </div>
    </div>
  );
}

interface IRowProps {
  id: string;
  node: INode;
  start: number;
  isFocused: boolean;
  onClick: () => void;
  trans: TranslationBundle;
}

function Row(props: IRowProps): JSX.Element {
  const { id, node, start, isFocused, onClick, trans } = props;
  const { key, depth, isOpen } = node;
  const canOpen = Boolean(node.size);
  const Caret = (isOpen ? caretDownIcon : caretRightIcon).react;
  return (
    <div
      id={id}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={canOpen ? isOpen : undefined}
      aria-selected={isFocused}
      className={
        'jp-CTAData-treeRow' +
        (canOpen ? ' jp-mod-canOpen' : '') +
        (isFocused ? ' jp-mod-focused' : '')
      }
      style={{
        paddingLeft: INDENT * Math.min(depth, MAX_INDENTS),
        transform: `translateY(${start}px)`
      }}
      onClick={onClick}
    >
      {canOpen ? (
        <Caret tag="span" elementSize="normal" />
      ) : (
        <span className="jp-CTAData-treeNoCaret" />
      )}
      {key !== null && (
        <span className="jp-CTAData-treeKey">
          {printable(shorten(key, MAX_VALUE))}
        </span>
      )}
      <span className="jp-CTAData-treeValue">{textOf(node, trans)}</span>
    </div>
  );
}

/** The text of a value's row. */
function textOf(node: INode, trans: TranslationBundle): string {
  const { value, size } = node;
  if (size !== null) {
    const count = size.toLocaleString('en');
    return Array.isArray(value)
      ? `[ ] ${trans._n('%2 item', '%2 items', size, count)}`
      : `{ } ${trans._n('%2 key', '%2 keys', size, count)}`;
  }
  return typeof value === 'string'
    ? printable(JSON.stringify(shorten(value, MAX_VALUE)))
    : String(value);
}
