import { DocumentRegistry } from '@jupyterlab/docregistry';
import { LabIcon, fileIcon, folderIcon } from '@jupyterlab/ui-components';

import ctaSvg from '../style/icons/cta.svg';
import starSvg from '../style/icons/star.svg';
import toWorkspaceSvg from '../style/icons/to-workspace.svg';
import { IEntry } from './api';

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

/** The icon that the core file browser would show. */
export function entryIcon(entry: IEntry, registry: DocumentRegistry): LabIcon {
  if (entry.type === 'directory') {
    return folderIcon;
  }
  return registry.getFileTypesForPath(entry.name)[0]?.icon ?? fileIcon;
}
