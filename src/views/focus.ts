/** Put the cursor into the listing, from another part of the same panel. */
export function focusListing(from: Element): void {
  from
    .closest('.jp-CTAData')
    ?.querySelector<HTMLElement>('.jp-CTAData-grid')
    ?.focus();
}
