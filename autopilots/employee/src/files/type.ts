// The media type that a file's first bytes say: a name or a caller's word can be anything. What is not known is
// application/octet-stream, or text/plain where it is text.

const SIGNATURES: readonly (readonly [string, RegExp])[] = [
  ["application/pdf", /^%PDF-/],
  ["image/png", /^\x89PNG\r\n\x1a\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF....WEBP/s],
  ["image/avif", /^....ftypavi[fs]/s],
  ["image/heic", /^....ftyp(hei[cx]|mif1)/s],
  ["image/tiff", /^(II\*\0|MM\0\*)/],
  ["image/bmp", /^BM.{12}[\x0c\x28\x34\x38\x6c\x7c]\0\0\0/s],
  ["audio/mpeg", /^(ID3|\xff[\xfb\xf3\xf2])/],
  ["audio/wav", /^RIFF....WAVE/s],
  ["audio/flac", /^fLaC/],
  ["audio/ogg", /^OggS/],
  ["video/mp4", /^....ftyp/s],
  ["video/webm", /^\x1a\x45\xdf\xa3/],
  ["application/gzip", /^\x1f\x8b/],
  ["application/x-7z-compressed", /^7z\xbc\xaf\x27\x1c/],
  ["application/vnd.rar", /^Rar!\x1a\x07/],
  ["application/msword", /^\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1/],
  ["application/vnd.openxmlformats-officedocument.wordprocessingml.document", /^PK\x03\x04.*word\//s],
  ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", /^PK\x03\x04.*xl\//s],
  ["application/vnd.openxmlformats-officedocument.presentationml.presentation", /^PK\x03\x04.*ppt\//s],
  ["application/vnd.oasis.opendocument.text", /^PK\x03\x04.{26}mimetypeapplication\/vnd\.oasis\.opendocument\.text/s],
  ["application/epub+zip", /^PK\x03\x04.{26}mimetypeapplication\/epub\+zip/s],
  ["application/zip", /^PK(\x03\x04|\x05\x06)/],
  ["application/x-msdownload", /^MZ/],
  ["application/x-executable", /^\x7fELF/],
];

/** Of its first bytes, at most some thousands. */
export function typeOf(head: Uint8Array): string {
  const text = String.fromCharCode(...head); // of bytes: what is called latin1 in the web is another one
  const known = SIGNATURES.find(([, pattern]) => pattern.test(text));
  if (known) return known[0];
  return isText(head) ? "text/plain" : "application/octet-stream";
}

/** UTF-8 without control characters; the last one may be cut. HTML and the like are text here: they are never shown. */
function isText(head: Uint8Array): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(head, { stream: true });
    return text !== "" && !/[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(text);
  } catch {
    return false;
  }
}
