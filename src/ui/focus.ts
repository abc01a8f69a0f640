import * as React from 'react';

/** Put the cursor into the listing, from another part of the same panel. */
export function focusListing(from: Element): void {
  from
    .closest('.jp-CTAData')
    ?.querySelector<HTMLElement>('.jp-CTAData-grid')
    ?.focus();
}

/**
 * Keep the focus within a part of the panel when the element vanishes that has it.
 *
 * @returns what the part's outermost element gets
 */
export function useKeptFocus(): {
  ref: React.RefObject<HTMLDivElement>;
  onFocus: (event: React.FocusEvent) => void;
} {
  const ref = React.useRef<HTMLDivElement>(null);
  const focused = React.useRef<Element | null>(null);
  React.useLayoutEffect(() => {
    if (!ref.current || focused.current?.isConnected !== false) {
      return;
    }
    focused.current = null;
    if (document.activeElement === document.body) {
      const button = ref.current.querySelector('button');
      if (button) {
        button.focus();
      } else {
        focusListing(ref.current);
      }
    }
  });
  return {
    ref,
    onFocus: event => {
      focused.current = event.target;
    }
  };
}
