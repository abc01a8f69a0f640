/** The supported formats: they contain pixels only and refer to no other file. SVG and AVIF are not among them. */
export type ImageType =
  'image/bmp' | 'image/gif' | 'image/jpeg' | 'image/png' | 'image/webp';

/** The format's first bytes; a dot matches any byte. */
const SIGNATURES: readonly (readonly [ImageType, RegExp])[] = [
  ['image/png', /^\x89PNG\r\n/],
  ['image/jpeg', /^\xff\xd8\xff/],
  ['image/gif', /^GIF8[79]a/],
  ['image/webp', /^RIFF[^]{4}WEBP/],
  ['image/bmp', /^BM[^]{4}\0{4}/]
];

/** Detect the image format from the bytes; null if it is not supported. */
export function imageType(bytes: Uint8Array): ImageType | null {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  return SIGNATURES.find(([, pattern]) => pattern.test(start))?.[0] ?? null;
}
