import { DocumentRegistry } from '@jupyterlab/docregistry';
import { LabIcon, fileIcon, folderIcon } from '@jupyterlab/ui-components';

import blockSvg from '../../style/icons/block.svg';
import certificateSvg from '../../style/icons/certificate.svg';
import ctaSvg from '../../style/icons/cta.svg';
import noteSvg from '../../style/icons/note.svg';
import starSvg from '../../style/icons/star.svg';
import toWorkspaceSvg from '../../style/icons/to-workspace.svg';
import warningSvg from '../../style/icons/warning.svg';
import { IEntry } from '../api/types';

/** A sign that says: no entry. */
export const blockIcon = new LabIcon({
  name: 'ctadata:block',
  svgstr: blockSvg
});

/** A disc with an i. */
export const noteIcon = new LabIcon({ name: 'ctadata:note', svgstr: noteSvg });

/** A document with a seal. */
export const certificateIcon = new LabIcon({
  name: 'ctadata:certificate',
  svgstr: certificateSvg
});

/** A triangle with an exclamation mark. */
export const warningIcon = new LabIcon({
  name: 'ctadata:warning',
  svgstr: warningSvg
});

/** A telescope under a ray of light. */
export const ctaIcon = new LabIcon({ name: 'ctadata:icon', svgstr: ctaSvg });

/** A star. */
export const starIcon = new LabIcon({
  name: 'ctadata:star',
  svgstr: starSvg
});

/** An arrow into a folder. */
export const toWorkspaceIcon = new LabIcon({
  name: 'ctadata:to-workspace',
  svgstr: toWorkspaceSvg
});

/** The file type of an entry, as the core file browser finds it. */
export function fileTypeOf(
  { name, type }: Pick<IEntry, 'name' | 'type'>,
  registry: DocumentRegistry
): DocumentRegistry.IFileType {
  return registry.getFileTypeForModel({ name, path: name, type });
}

/** The icon that the core file browser would show. */
export function entryIcon(
  entry: Pick<IEntry, 'name' | 'type'>,
  registry: DocumentRegistry
): LabIcon {
  const { icon } = fileTypeOf(entry, registry);
  return icon ?? (entry.type === 'directory' ? folderIcon : fileIcon);
}
