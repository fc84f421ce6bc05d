/**
 * Reads code points from chunks that may be cut anywhere, inside a surrogate pair too: a high surrogate at the end of
 * a chunk waits for what follows.
 */
export class CodePoints {
  private high = 0;
  private at: number;

  /** @param start Offset of the first unit of the first chunk, in UTF-16 units. */
  constructor(start = 0) {
    this.at = start;
  }

  /** Offset behind the last code point that was given out. */
  get position(): number {
    return this.at;
  }

  read(chunk: string, take: (codePoint: number, from: number, to: number) => void): void {
    for (let index = 0; index < chunk.length; index += 1) {
      const unit = chunk.charCodeAt(index);
      if (this.high !== 0) {
        const low = unit >= 0xdc00 && unit <= 0xdfff;
        const first = this.high;
        this.high = 0;
        this.give(low ? ((first - 0xd800) << 10) + (unit - 0xdc00) + 0x10000 : first, low ? 2 : 1, take);
        if (low) continue;
      }
      if (unit >= 0xd800 && unit <= 0xdbff) this.high = unit;
      else this.give(unit, 1, take);
    }
  }

  /** No more chunks: a high surrogate that waits is alone. */
  end(take: (codePoint: number, from: number, to: number) => void): void {
    const alone = this.high;
    this.high = 0;
    if (alone !== 0) this.give(alone, 1, take);
  }

  private give(codePoint: number, length: number, take: (codePoint: number, from: number, to: number) => void): void {
    const from = this.at;
    this.at += length;
    take(codePoint, from, this.at);
  }
}
