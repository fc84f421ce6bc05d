import { GgufError, HeaderCutShort } from './gguf-error.js';

/**
 * Reads little-endian values one after another out of the first bytes of a file.
 * Every method throws HeaderCutShort where the bytes at hand end too early.
 */
export class Cursor {
  private at = 0;

  constructor(private readonly bytes: Buffer) {}

  /** Bytes read so far. */
  get position(): number {
    return this.at;
  }

  u8(): number {
    return this.bytes.readUInt8(this.take(1));
  }

  i8(): number {
    return this.bytes.readInt8(this.take(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.take(2));
  }

  i16(): number {
    return this.bytes.readInt16LE(this.take(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.take(4));
  }

  i32(): number {
    return this.bytes.readInt32LE(this.take(4));
  }

  f32(): number {
    return this.bytes.readFloatLE(this.take(4));
  }

  f64(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** Rounded above 2^53, where nothing in a header that could be true lies. */
  u64(): number {
    const at = this.take(8);
    return this.bytes.readUInt32LE(at) + this.bytes.readUInt32LE(at + 4) * 2 ** 32;
  }

  i64(): number {
    const at = this.take(8);
    return this.bytes.readUInt32LE(at) + this.bytes.readInt32LE(at + 4) * 2 ** 32;
  }

  /** @throws GgufError `what` is longer than `most` bytes. */
  string(what: string, most: number): string {
    const length = this.u64();
    if (length > most) throw new GgufError(`${what} claims ${length} bytes, more than ${most}`);
    const at = this.take(length);
    return this.bytes.toString('utf8', at, at + length);
  }

  /** Passes over a string of any length. */
  skipString(): void {
    this.skip(this.u64());
  }

  skip(count: number): void {
    this.take(count);
  }

  /** The bytes from an earlier position up to here. */
  since(position: number): Buffer {
    return this.bytes.subarray(position, this.at);
  }

  private take(count: number): number {
    if (count > this.bytes.length - this.at) throw new HeaderCutShort();
    const at = this.at;
    this.at += count;
    return at;
  }
}
