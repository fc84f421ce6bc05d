/** FNV-1a with murmur3's finish, 32 bits, over UTF-16 units: only for choosing templates and making vectors, never for security. */
export function hashText(text: string, seed = 0): number {
  // Spread, or neighbouring seeds would only permute the hashes of neighbouring characters.
  let hash = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1);
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  // FNV's low bits depend on the input's low bits alone; without this, short vectors cancel out to nothing.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
