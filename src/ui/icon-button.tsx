import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A button with an icon and no text. */
export function IconButton(props: {
  icon: LabIcon;
  label: string;
  act: () => void;
}): JSX.Element {
  const Icon = props.icon.react;
  return (
    <button
      className="jp-CTAData-iconButton"
      title={props.label}
      aria-label={props.label}
      onClick={props.act}
    >
      <Icon tag="span" elementSize="normal" elementPosition="center" />
    </button>
  );
}
