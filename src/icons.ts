import { LabIcon } from '@jupyterlab/ui-components';

import ctaSvg from '../style/icons/cta.svg';

/** The mirror of a telescope with a ray of Cherenkov light. */
export const ctaIcon = new LabIcon({ name: 'ctadata:icon', svgstr: ctaSvg });
