import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { joinPath } from '../../common/paths';
import { printable } from '../../common/printable';
import { IConflict, Resolution } from '../conflicts';

/** What the confirmation shows. */
export interface IUploadQuestion {
  /** "3 files, 1.2 GB". */
  what: string;
  /** The target directory. */
  target: string;
  /** Whether the target differs from the directory pointed at. */
  redirected: boolean;
  /** Describes hidden files left out; '' for none. */
  hidden: string;
  /** Further notes. */
  notes: readonly string[];
}

/** Tell who will be able to read the upload, and ask for confirmation; null if the user cancels. */
export async function confirmUpload(
  { what, target, redirected, hidden, notes }: IUploadQuestion,
  trans: TranslationBundle
): Promise<{ withHidden: boolean } | null> {
  const { button, isChecked } = await showDialog({
    title: trans.__('Upload?'),
    body: (
      <div className="jp-CTAData-uploadSummary">
        <p>{what}</p>
        <p>
          {trans.__('to')}{' '}
          <bdi className="jp-CTAData-target">{printable(target)}/</bdi>
        </p>
        <p className="jp-CTAData-notice">
          {trans.__(
            'Files uploaded here can be read by all CTAO members and all platform users.'
          )}
        </p>
        {redirected && (
          <p>
            {trans.__(
              'You can only upload into your home directory, so the files go there.'
            )}
          </p>
        )}
        {notes.map(note => (
          <p key={note}>{note}</p>
        ))}
        {hidden && <p className="jp-CTAData-notice">{hidden}</p>}
      </div>
    ),
    checkbox: hidden ? { label: trans.__('Upload hidden files too') } : null,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Upload') })
    ]
  });
  return button.accept ? { withHidden: isChecked ?? false } : null;
}

/** Ask how to resolve a name conflict; null cancels everything. */
export async function askAboutConflict(
  { path, existing, isClaimed, answers }: IConflict,
  target: string,
  trans: TranslationBundle
): Promise<{ answer: Resolution; forAll: boolean } | null> {
  const labels: Record<Resolution, string> = {
    skip: trans.__('Skip'),
    'keep-both': trans.__('Keep Both'),
    replace: trans.__('Replace')
  };
  const offered = (['skip', 'keep-both', 'replace'] as const).filter(answer =>
    answers.includes(answer)
  );
  const { button, isChecked } = await showDialog({
    title: isClaimed
      ? trans.__('Two files with the same name')
      : existing === 'file'
        ? trans.__('File already exists')
        : trans.__('Folder already exists'),
    body: (
      <div className="jp-CTAData-uploadSummary">
        <p>
          {isClaimed
            ? trans.__(
                'Two of the files or folders to upload have the same target path. One would replace the other:'
              )
            : existing === 'file'
              ? trans.__('A file with this name already exists:')
              : trans.__('A folder with this name already exists:')}
        </p>
        <p>
          <bdi className="jp-CTAData-target">
            {printable(joinPath(target, path))}
          </bdi>
        </p>
      </div>
    ),
    checkbox: { label: trans.__('Apply to all conflicts') },
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      ...offered.map(answer =>
        Dialog.createButton({
          label: labels[answer],
          displayType: answer === 'replace' ? 'warn' : 'default',
          accept: true,
          actions: [answer]
        })
      )
    ],
    // The harmless answer is the default.
    defaultButton: 1 + offered.indexOf('keep-both')
  });
  const answer = offered.find(name => button.actions.includes(name));
  return answer ? { answer, forAll: isChecked ?? false } : null;
}
