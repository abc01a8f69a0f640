/**
 * The panel's names for what the server extension sends and takes.
 *
 * `schema.ts` is generated from the extension's openapi.yaml, which also describes each member.
 */
import { components } from './schema';

type Schemas = components['schemas'];

/** What the server extension says went wrong. */
export type ServerErrorCode = Schemas['ErrorCode'];

/** One file or directory of the storage. */
export type IEntry = Schemas['Entry'];

/** What a directory contains, in columns: one item for each name, the directories first. */
export type IColumns = Schemas['Columns'];

/** A file, or a directory with what it contains. */
export type IResource = Schemas['Resource'];

/** A line of a search: what was found since the last one, or, at the end, what was left out. */
export type ISearchLine = Schemas['SearchLine'];

/** The files, directories and bytes that have been counted so far. */
export type ITotals = Schemas['Totals'];

/** A line of a streamed answer; only the last one is `done`. */
export type ILine = ISearchLine | ITotals;

/** What went wrong with one path of several. */
export type IFailure = Schemas['Failure'];

/** What the server extension knows of the data service. */
export type IStatus = Schemas['Status'];

/** A copy between storage and workspace, made by the server. */
export type ITransfer = Schemas['Transfer'];

/** Transfers, each of them as it is now. */
export type ITransferList = Schemas['Transfers'];

/** What transfers are asked for: downloads, uploads from the workspace, or an upload from this computer. */
export type ITransferOrder =
  | Schemas['DownloadOrder']
  | Schemas['UploadOrder']
  | Schemas['StoreUploadsOrder'];

/** The directory of the storage that the user may write to. */
export type IHomeDirectory = Schemas['HomeDirectory'];

/** A zip that the server makes while it is downloaded. */
export type IArchive = Schemas['Archive'];

/** The files of a folder of the workspace, and the free space on its disk. */
export type ILocalFolder = Schemas['Folder'];

/** What the server has received of one file from a browser. */
export type IReceived = Schemas['Upload'];

/** All that the server has received from browsers and not yet stored. */
export type IReceivedList = Schemas['Uploads'];

/** The certificates that were delegated from this account. */
export type IDelegations = Schemas['Certificates'];

/** A certificate that was delegated from this account. */
export type IDelegation = Schemas['Delegation'];

/** What the certificate service answers to a delegation. */
export type IDelegated = Schemas['Delegated'];

/** What a certificate file holds. */
export type IInspection = Schemas['Inspection'];

/** Something about a certificate that its owner should know. */
export type IFinding = Schemas['Finding'];

/** The proxy certificate on the server, or why it cannot be used. */
export type IFoundCertificate = Schemas['FoundCertificate'];
