// Bodies of unknown length, read up to a limit.
//
// Each read of a stream crosses from JavaScript to the runtime and back, and that was a good part of the router's time.
// So one read takes all of a short body: `readAtLeast` is the runtime's own, and gives less only at the end.

const FIRST_BYTES = 4 * 1024;

/** The whole body as bytes, or null when it is longer than `limit` bytes; the rest is then not read. */
export async function readCapped(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (body) {
    const reader = body.getReader({ mode: "byob" });
    for (let size = FIRST_BYTES, isEnd = false; !isEnd; size *= 4) {
      const { value, done } = await reader.readAtLeast(size, new Uint8Array(size));
      const chunk = value ?? new Uint8Array();
      isEnd = done || chunk.byteLength < size;
      length += chunk.byteLength;
      if (length > limit) {
        await reader.cancel().catch(() => undefined);
        return null;
      }
      chunks.push(chunk);
    }
  }
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}
