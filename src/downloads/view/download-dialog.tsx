import { UseSignal } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { explainBriefly } from '../../api/explain';
import { formatSize } from '../../common/formats';
import { printable } from '../../common/printable';
import { DownloadPlan } from '../download-plan';

/** Maximum number of names listed in a dialog. */
const MAX_NAMES = 10;

/** The name of a workspace folder, for use in a sentence. */
export function describeFolder(
  folder: string,
  trans: TranslationBundle
): string {
  return folder === ''
    ? trans.__('the workspace’s top folder')
    : trans.__('the folder “%1”', folder);
}

/** A sentence, and the list of names it refers to. */
export function NameList(props: {
  text: string;
  names: readonly string[];
  trans: TranslationBundle;
}): JSX.Element {
  const { text, names, trans } = props;
  const more = names.length - MAX_NAMES;
  return (
    <div className="jp-CTAData-names">
      <p>{text}</p>
      <ul>
        {names.slice(0, MAX_NAMES).map(name => (
          <li key={name}>
            <bdi>{printable(name)}</bdi>
          </li>
        ))}
      </ul>
      {more > 0 && <p>{trans._n('and %1 more', 'and %1 more', more)}</p>}
    </div>
  );
}

interface IQuestionProps {
  plan: DownloadPlan;
  trans: TranslationBundle;
}

/** Shows what will be downloaded, how much it is, and whether there is room for it. */
export function DownloadDialogBody(
  props: IQuestionProps & {
    /** Why the dialog is shown. */
    reason: string;
  }
): JSX.Element {
  const { plan, reason, trans } = props;
  return (
    <>
      {reason && <p>{reason}</p>}
      <NameList
        trans={trans}
        text={trans.__('Into %1:', describeFolder(plan.folder, trans))}
        names={plan.entries.map(({ name, size }) =>
          size === null ? name : `${name} (${formatSize(size)})`
        )}
      />
      <UseSignal signal={plan.changed}>
        {() => <Totals plan={plan} trans={trans} />}
      </UseSignal>
    </>
  );
}

function Totals({ plan, trans }: IQuestionProps): JSX.Element {
  const { bytes, files, counting, counted, error, free, lacking } = plan;
  const sum = trans._n(
    '%2 in %1 file',
    '%2 in %1 files',
    files,
    formatSize(bytes)
  );
  return (
    <div className="jp-CTAData-totals" aria-live="polite" aria-busy={counting}>
      <p>
        {counted
          ? trans.__('Total: %1', sum)
          : counting
            ? trans.__('Counting… %1 so far', sum)
            : trans.__('At least %1', sum)}
        {counting && (
          <button
            type="button"
            className="jp-CTAData-linkButton"
            onClick={() => plan.stop()}
          >
            {trans.__('Stop counting')}
          </button>
        )}
      </p>
      {free !== null && <p>{trans.__('Free space: %1', formatSize(free))}</p>}
      {error && (
        <p className="jp-CTAData-warning">
          {trans.__(
            'Some files could not be counted: %1',
            explainBriefly(error, trans)
          )}
        </p>
      )}
      {lacking > 0 && (
        <p className="jp-CTAData-warning" role="alert">
          {trans.__(
            'Not enough space: %1 more are needed.',
            formatSize(lacking)
          )}
        </p>
      )}
    </div>
  );
}
