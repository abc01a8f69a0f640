/** The formats that are shown: each describes pixels alone, and names no other file. SVG and AVIF do not belong here. */
export type ImageType =
  'image/bmp' | 'image/gif' | 'image/jpeg' | 'image/png' | 'image/webp';

/** What the format's first bytes are; dots stand for any byte. */
const SIGNATURES: readonly (readonly [ImageType, RegExp])[] = [
  ['image/png', /^\x89PNG\r\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF[^]{4}WEBP/],
  ['image/bmp', /^BM[^]{4}\0{4}/]
];

/** Tell what kind of image these bytes are, whatever their name says; null where they are none that is shown. */
export function imageType(bytes: Uint8Array): ImageType | null {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  return SIGNATURES.find(([, pattern]) => pattern.test(start))?.[0] ?? null;
}
