/** RFC 8878: magic number, a header without content size or checksum and a window of 128 KiB, blocks of raw bytes. */
const MAGIC = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
const WINDOW_128_KIB = 0x38;
const MAX_BLOCK = 128 * 1024;

/** Bytes as a valid Zstandard frame, not made smaller: Node 20 has no Zstandard, and clients only need to read it. */
export function zstdFrame(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [MAGIC, Uint8Array.of(0, WINDOW_128_KIB)];
  for (let at = 0; at === 0 || at < bytes.length; at += MAX_BLOCK) {
    const part = bytes.subarray(at, at + MAX_BLOCK);
    const last = at + MAX_BLOCK >= bytes.length ? 1 : 0;
    const header = (part.length << 3) | last;
    parts.push(Uint8Array.of(header & 0xff, (header >> 8) & 0xff, (header >> 16) & 0xff), part);
  }
  return Buffer.concat(parts);
}
