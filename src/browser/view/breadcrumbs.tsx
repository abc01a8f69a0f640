import { TranslationBundle } from '@jupyterlab/translation';
import { editIcon, ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { crumbsOf } from '../../common/paths';
import { printable } from '../../common/printable';
import { focusListing } from '../../ui/focus';
import { ctaIcon } from '../../ui/icons';
import { BrowserModel } from '../model';
import { PathBox } from './path-box';

interface IBreadcrumbsProps {
  model: BrowserModel;
  trans: TranslationBundle;
}

/** The current path as breadcrumbs, or a box to type another one. */
export function Breadcrumbs({ model, trans }: IBreadcrumbsProps): JSX.Element {
  return model.editing ? (
    <PathBox model={model} trans={trans} />
  ) : (
    <BreadcrumbList model={model} trans={trans} />
  );
}

function BreadcrumbList({ model, trans }: IBreadcrumbsProps): JSX.Element {
  const crumbs = crumbsOf(model.path);
  const list = React.useRef<HTMLOListElement>(null);
  const hidden = useHiddenCrumbs(list, model.path, crumbs.length);
  const edit = () => {
    model.editing = true;
  };
  const cd = (event: React.MouseEvent, path: string) => {
    // The crumb may be removed.
    focusListing(event.currentTarget);
    void model.cd(path);
  };
  return (
    <nav className="jp-CTAData-crumbs" aria-label={trans.__('Path')}>
      <ol
        ref={list}
        title={printable(model.path)}
        onClick={event => {
          // A click beside the crumbs opens the path box.
          if (event.target === event.currentTarget) {
            edit();
          }
        }}
      >
        <li>
          <button
            title={trans.__('The storage’s top folder')}
            onClick={event => cd(event, '')}
          >
            <ctaIcon.react tag="span" stylesheet="breadCrumb" />
            {crumbs.length === 0 && <span>{trans.__('CTA data')}</span>}
          </button>
        </li>
        {hidden > 0 && (
          <li>
            <button
              title={printable(crumbs[hidden - 1].path)}
              aria-label={trans.__('Up to %1', crumbs[hidden - 1].path)}
              onClick={event => cd(event, crumbs[hidden - 1].path)}
            >
              <ellipsesIcon.react tag="span" stylesheet="breadCrumb" />
            </button>
          </li>
        )}
        {crumbs.slice(hidden).map(({ name, path }) => (
          <li key={path}>
            <button
              title={printable(path)}
              aria-current={path === model.path ? 'location' : undefined}
              onClick={event => cd(event, path)}
            >
              <bdi>{printable(name)}</bdi>
            </button>
          </li>
        ))}
      </ol>
      <button
        className="jp-CTAData-editPath"
        title={trans.__('Type a path')}
        onClick={edit}
      >
        <editIcon.react tag="span" elementSize="normal" />
      </button>
    </nav>
  );
}

/** The number of leading crumbs to replace with an ellipsis so that the others fit. */
function useHiddenCrumbs(
  list: React.RefObject<HTMLElement>,
  path: string,
  count: number
): number {
  const [hidden, setHidden] = React.useState(0);
  const [width, setWidth] = React.useState(0);
  React.useEffect(() => {
    const observer = new ResizeObserver(([entry]) =>
      setWidth(entry.contentRect.width)
    );
    if (list.current) {
      observer.observe(list.current);
    }
    return () => observer.disconnect();
  }, [list]);
  // When the crumbs or the width change, start with all of them and hide one by one.
  React.useLayoutEffect(() => setHidden(0), [path, width]);
  React.useLayoutEffect(() => {
    const node = list.current;
    if (node && node.scrollWidth > node.clientWidth && hidden < count - 1) {
      setHidden(hidden + 1);
    }
  }, [path, width, hidden, count, list]);
  return Math.min(hidden, Math.max(0, count - 1));
}
