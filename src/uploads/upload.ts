import { RequestError } from '../api/errors';
import { IReceived } from '../api/types';
import { RateMeter } from '../common/rate-meter';
import { IHidden } from './collect-files';
import { FileUpload } from './file-upload';

/** The upload of a dropped file or folder. */
export interface IUpload {
  readonly name: string;
  /** Relative to the user's home directory. */
  readonly destination: string;
  readonly files: readonly FileUpload[];
  /** Files of a folder that are left out. */
  readonly hidden: IHidden;
  readonly size: number;
  /** 'handing-on': the server has everything and is told to store it. */
  readonly state: 'sending' | 'handing-on' | 'failed';
  readonly error: RequestError | null;
}

/** An unfinished upload that no page is sending any more. */
export interface IInterrupted {
  readonly name: string;
  readonly destination: string;
  readonly received: readonly IReceived[];
}

/** An upload as the model changes it. */
export interface IMutableUpload extends IUpload {
  state: IUpload['state'];
  error: RequestError | null;
  /** Index of the first file not started yet. */
  next: number;
  /** Number of files neither sent nor failed. */
  open: number;
  /** Whether it is sent again automatically because the server lost it. */
  sentAgain: boolean;
  rate: RateMeter;
}

/** Group the files that the server has and no page sends, by the file or folder that was dropped. */
export function groupInterrupted(
  received: readonly IReceived[],
  running: ReadonlySet<string>
): IInterrupted[] {
  const groups = new Map<string, IReceived[]>();
  for (const file of received) {
    if (!running.has(file.fingerprint)) {
      const key = JSON.stringify([file.destination, file.item]);
      const group = groups.get(key);
      if (group) {
        group.push(file);
      } else {
        groups.set(key, [file]);
      }
    }
  }
  return [...groups.values()].map(files => ({
    name: files[0].item,
    destination: files[0].destination,
    received: files
  }));
}

/** Whether the server has lost what it was told to store. */
export function isLost({ code }: RequestError): boolean {
  return code === 'no-such-upload' || code === 'not-found';
}

/** Whether an upload is still being sent or stored. */
export function hasNotFailed({ state }: IUpload): boolean {
  return state !== 'failed';
}

/** The fingerprints of all files of some uploads. */
export function fingerprints(uploads: readonly IUpload[]): Set<string> {
  return new Set(
    uploads.flatMap(({ files }) => files.map(file => file.fingerprint))
  );
}

/** Whether a file has still to be sent. */
export function isWaiting(file: FileUpload): boolean {
  return file.state === 'waiting';
}
