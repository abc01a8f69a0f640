import { TranslationBundle } from '@jupyterlab/translation';
import { closeIcon, refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { explainBriefly } from '../../api/explain';
import { formatDuration, formatSize, splitName } from '../../common/formats';
import { joinPath } from '../../common/paths';
import { printable } from '../../common/printable';
import { IconButton } from '../../ui/icon-button';
import { describeHidden } from '../collect-files';
import { FileUpload } from '../file-upload';
import { UploadsModel } from '../model';
import { IInterrupted, IUpload } from '../upload';
import { UploadController } from '../upload-controller';

interface IUploadsProps {
  uploads: UploadsModel;
  controller: UploadController;
  trans: TranslationBundle;
}

/** Uploads from this computer, including interrupted ones. */
export function UploadsSection(props: IUploadsProps): JSX.Element | null {
  const { uploads, trans } = props;
  const { items, interrupted } = uploads;
  if (items.length === 0 && interrupted.length === 0) {
    return null;
  }
  return (
    <section aria-label={trans.__('Uploads')}>
      <header className="jp-CTAData-transfersHeader">
        <h3>{trans.__('Uploads')}</h3>
        {items.length > 0 && (
          <span>{trans._n('%1 under way', '%1 under way', items.length)}</span>
        )}
      </header>
      <ul>
        {items.map((upload, index) => (
          <UploadLine key={index} {...props} upload={upload} />
        ))}
        {interrupted.map(item => (
          <InterruptedLine
            key={`${item.destination}/${item.name}`}
            {...props}
            item={item}
          />
        ))}
      </ul>
    </section>
  );
}

function UploadLine(props: IUploadsProps & { upload: IUpload }): JSX.Element {
  const { upload, uploads, controller, trans } = props;
  const { name, files, state, error } = upload;
  const target = joinPath(uploads.own ?? '', upload.destination);
  const { done, rate } = uploads.progressOf(upload);
  const broken = files.find(file => file.error)?.error;
  const hidden = describeHidden(upload.hidden, trans);
  return (
    <li className={`jp-CTAData-transfer jp-mod-${state}`}>
      <Name name={name} title={trans.__('%1\nto %2', name, target)}>
        {state === 'failed' && (
          <IconButton
            icon={refreshIcon}
            label={trans.__('Try %1 again', name)}
            act={() => uploads.retry(upload)}
          />
        )}
        {state !== 'handing-on' && (
          <IconButton
            icon={state === 'failed' ? closeIcon : stopIcon}
            label={trans.__('Cancel %1', name)}
            act={() => void controller.attempt(() => uploads.cancel(upload))}
          />
        )}
      </Name>
      {state === 'sending' && (
        <Bar label={name} done={done} size={upload.size} />
      )}
      <div
        className="jp-CTAData-transferText"
        role={error ? 'alert' : undefined}
      >
        {state === 'failed' && error
          ? explainBriefly(error, trans)
          : state === 'handing-on'
            ? trans.__('On the server; being stored')
            : broken
              ? trans.__(
                  'Waiting for the connection: %1',
                  explainBriefly(broken, trans)
                )
              : describe(upload, done, rate, trans)}
      </div>
      {hidden && (
        <div className="jp-CTAData-transferNotice" role="status">
          {hidden}
        </div>
      )}
      {files.length > 1 && <Files files={files} trans={trans} />}
    </li>
  );
}

/** The files of a folder that are being sent or have failed. */
function Files(props: {
  files: readonly FileUpload[];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { files, trans } = props;
  const shown = files.filter(
    ({ state }) => state === 'sending' || state === 'failed'
  );
  return shown.length === 0 ? null : (
    <details>
      <summary>{trans._n('%1 file', '%1 files', shown.length)}</summary>
      <ul>
        {shown.map(({ path, sent, size, state, error }) => (
          <li key={path} title={printable(path)}>
            {state === 'failed' && error ? (
              <>
                <bdi>{printable(path)}</bdi>: {explainBriefly(error, trans)}
              </>
            ) : (
              <>
                <bdi>{printable(path)}</bdi>
                <Bar label={path} done={sent} size={size} />
              </>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

function InterruptedLine(
  props: IUploadsProps & { item: IInterrupted }
): JSX.Element {
  const { item, uploads, controller, trans } = props;
  const { name, received } = item;
  const target = joinPath(uploads.own ?? '', item.destination);
  const done = received.reduce((sum, { offset }) => sum + offset, 0);
  const size = received.reduce((sum, file) => sum + file.size, 0);
  return (
    <li className="jp-CTAData-transfer jp-mod-interrupted">
      <Name name={name} title={trans.__('%1\nto %2', name, target)}>
        <IconButton
          icon={closeIcon}
          label={trans.__('Remove %1 from the list', name)}
          act={() => void controller.attempt(() => uploads.discard(item))}
        />
      </Name>
      <div className="jp-CTAData-transferText">
        {trans.__(
          'Interrupted at %1 of %2: to resume, drop or choose the same files again, into %3',
          formatSize(done),
          formatSize(size),
          target
        )}
      </div>
    </li>
  );
}

function describe(
  { size, files }: IUpload,
  done: number,
  rate: number | null,
  trans: TranslationBundle
): string {
  const parts = [trans.__('%1 of %2', formatSize(done), formatSize(size))];
  if (files.length > 1) {
    const sent = files.filter(({ state }) => state === 'sent').length;
    parts.push(trans.__('file %1 of %2', sent, files.length));
  }
  if (rate) {
    parts.push(trans.__('%1/s', formatSize(rate)));
    if (size > done) {
      parts.push(trans.__('%1 left', formatDuration((size - done) / rate)));
    }
  }
  return parts.join(' · ');
}

function Name(props: {
  name: string;
  title: string;
  children: React.ReactNode;
}): JSX.Element {
  const [head, tail] = splitName(printable(props.name));
  return (
    <div className="jp-CTAData-transferName">
      <bdi className="jp-CTAData-nameText" title={props.title}>
        <span className="jp-CTAData-nameHead">{head}</span>
        {tail && <span className="jp-CTAData-nameTail">{tail}</span>}
      </bdi>
      {props.children}
    </div>
  );
}

function Bar(props: {
  label: string;
  done: number;
  size: number;
}): JSX.Element {
  const { label, done, size } = props;
  const percent = size > 0 ? Math.min(100, (100 * done) / size) : 0;
  return (
    <div
      className="jp-CTAData-progress"
      role="progressbar"
      aria-label={printable(label)}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(percent)}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}
