import { isCleanPass, type VerdictRecord } from './verdict-record.js';

export interface VerdictBufferBounds {
  readonly records: number;
  /** UTF-16 units of all texts together. */
  readonly text: number;
}

/** How many records found no room. */
export interface Lost {
  readonly clean: number;
  readonly other: number;
}

/** Records that wait to be written, bounded. When it is full, the oldest clean pass goes, and where there is none the oldest of all. */
export class VerdictBuffer {
  private readonly clean = new Set<VerdictRecord>();
  private readonly other = new Set<VerdictRecord>();
  private textLength = 0;

  constructor(private readonly bounds: VerdictBufferBounds) {}

  get size(): number {
    return this.clean.size + this.other.size;
  }

  /** Adds records, new ones or those that could not be written. @returns what had to go for them. */
  add(records: readonly VerdictRecord[]): Lost {
    for (const record of records) {
      (isCleanPass(record.judgement) ? this.clean : this.other).add(record);
      this.textLength += lengthOf(record);
    }
    const lost = { clean: 0, other: 0 };
    // Clean passes hold no text: what makes room for texts is a text.
    while (this.size > this.bounds.records && this.clean.size > 0) lost.clean += this.dropOldest(this.clean);
    while (this.size > this.bounds.records || (this.textLength > this.bounds.text && this.other.size > 0)) lost.other += this.dropOldest(this.other);
    return lost;
  }

  /** Takes up to `most` records out, those with a finding first. */
  take(most: number): readonly VerdictRecord[] {
    const taken: VerdictRecord[] = [];
    for (const records of [this.other, this.clean]) {
      for (const record of records) {
        if (taken.length === most) return taken;
        records.delete(record);
        this.textLength -= lengthOf(record);
        taken.push(record);
      }
    }
    return taken;
  }

  private dropOldest(records: Set<VerdictRecord>): 1 | 0 {
    for (const record of records) {
      records.delete(record);
      this.textLength -= lengthOf(record);
      return 1;
    }
    return 0;
  }
}

function lengthOf({ text }: VerdictRecord): number {
  return text?.length ?? 0;
}
