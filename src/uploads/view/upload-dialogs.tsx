import { Dialog, showDialog } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { joinPath } from '../../common/paths';
import { printable } from '../../common/printable';
import { IConflict, Resolution } from '../conflicts';

/** What is about to be uploaded. */
export interface IUploadQuestion {
  /** "3 files, 1.2 GB". */
  what: string;
  /** The directory of the storage. */
  target: string;
  /** Whether it is another one than was pointed at. */
  redirected: boolean;
  /** How much of it is hidden and left out; '' for nothing. */
  hidden: string;
  /** What else should be known. */
  notes: readonly string[];
}

/** Say who will be able to read it, and ask whether it shall be uploaded; null: it shall not. */
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
              'You can upload into your own directory only: that is where they go.'
            )}
          </p>
        )}
        {notes.map(note => (
          <p key={note}>{note}</p>
        ))}
        {hidden && <p className="jp-CTAData-notice">{hidden}</p>}
      </div>
    ),
    checkbox: hidden ? { label: trans.__('Upload what is hidden, too') } : null,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.okButton({ label: trans.__('Upload') })
    ]
  });
  return button.accept ? { withHidden: isChecked ?? false } : null;
}

/** Ask what is to become of something whose name is taken; null: nothing shall be done at all. */
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
      ? trans.__('Two of the same name')
      : existing === 'file'
        ? trans.__('File already exists')
        : trans.__('Folder already exists'),
    body: (
      <div className="jp-CTAData-uploadSummary">
        <p>
          {isClaimed
            ? trans.__(
                'Two of the files and folders to upload would get the same path. One would replace the other:'
              )
            : existing === 'file'
              ? trans.__('There is a file of this name already:')
              : trans.__('There is a folder of this name already:')}
        </p>
        <p>
          <bdi className="jp-CTAData-target">
            {printable(joinPath(target, path))}
          </bdi>
        </p>
      </div>
    ),
    checkbox: { label: trans.__('For all names that are taken') },
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
    // Nothing is lost by it.
    defaultButton: 1 + offered.indexOf('keep-both')
  });
  const answer = offered.find(name => button.actions.includes(name));
  return answer ? { answer, forAll: isChecked ?? false } : null;
}
