import * as React from 'react';

/** Move the focus to the listing of the same panel. */
export function focusListing(from: Element): void {
  from
    .closest('.jp-CTAData')
    ?.querySelector<HTMLElement>('.jp-CTAData-grid')
    ?.focus();
}

/**
 * Keep the focus within a section when the focused element is removed.
 *
 * @returns the ref for the section's outermost element
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
