import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ImageType } from '../image-type';

/** Maximum number of pixels: a small file may decode to more than fits into memory. */
const MAX_PIXELS = 100_000_000;

interface IPictureProps {
  bytes: Uint8Array;
  type: ImageType;
  /** The alternative text. */
  label: string;
  trans: TranslationBundle;
}

/** An image from bytes, without a URL to fetch. */
export function Picture(props: IPictureProps): JSX.Element {
  const { bytes, type, label, trans } = props;
  const host = React.useRef<HTMLSpanElement>(null);
  const [problem, setProblem] = React.useState('');

  React.useEffect(() => {
    const url = URL.createObjectURL(new Blob([bytes as BlobPart], { type }));
    const image = new Image();
    image.alt = label;
    // The size is known before painting, which is what takes memory.
    image.onload = () => {
      if (image.naturalWidth * image.naturalHeight > MAX_PIXELS) {
        setProblem(trans.__('This image has too many pixels to be shown.'));
      } else {
        host.current?.replaceChildren(image);
      }
    };
    image.onerror = () => {
      setProblem(trans.__('This image is damaged.'));
    };
    image.src = url;
    return () => {
      image.onload = null;
      image.onerror = null;
      image.remove();
      URL.revokeObjectURL(url);
    };
  }, [bytes, type, label, trans]);

  return problem ? (
    <p className="jp-CTAData-left" role="status">
      {problem}
    </p>
  ) : (
    <span className="jp-CTAData-picture" ref={host} />
  );
}

/** An image file, scaled to the view; a click shows it in full size. */
export function ImageView(props: IPictureProps): JSX.Element {
  const { trans } = props;
  const [isFull, setFull] = React.useState(false);
  return (
    <div
      className={'jp-CTAData-image' + (isFull ? ' jp-mod-full' : '')}
      tabIndex={0}
      role="group"
      aria-label={trans.__('Content')}
    >
      <button
        aria-pressed={isFull}
        title={trans.__('Show in full size')}
        onClick={() => setFull(!isFull)}
      >
        <Picture {...props} />
      </button>
    </div>
  );
}
