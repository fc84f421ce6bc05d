/**
 * Cuts bytes where careless readers break: after the first byte of every multi-byte character,
 * after every CR and LF, and every few bytes inside a line. The parts concatenate to the input.
 */
export function splitBytes(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = 1; at <= bytes.length; at += 1) {
    const last = bytes[at - 1] as number;
    const longest = 5 + ((start * 7) % 11);
    if (last >= 0xc0 || last === 0x0a || last === 0x0d || at - start >= longest || at === bytes.length) {
      parts.push(bytes.subarray(start, at));
      start = at;
    }
  }
  return parts;
}
