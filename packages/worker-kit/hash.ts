// Names made of what they name: the same text always gets the same one.

/** The first `length` hex digits (at most 64) of the text's SHA-256. */
export async function sha256(text: string, length = 64): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .slice(0, length);
}
