import { HttpConnection } from './http-connection.js';
import type { LoadPlan, LoadResult } from './plan.js';
import { type AnswerReader, readerOf } from './readers.js';

const SWEEP_MS = 200;
/** After an error a slot waits a little, so that a target that is down is not hammered. */
const AFTER_ERROR_MS = 50;

/** Drives one plan to its end. `onAllOpen` is called once, when every slot has had its first words. */
export function runLoad(plan: LoadPlan, onAllOpen: () => void): Promise<LoadResult> {
  return new Promise((resolve) => new Load(plan, onAllOpen, resolve).start());
}

class Load {
  private readonly firstMs: number[] = [];
  private readonly wholeMs: number[] = [];
  private readonly errors: Record<string, number> = {};
  private readonly slots: Slot[];
  private begun = 0;
  private answers = 0;
  private frames = 0;
  private openSlots = 0;
  private endedSlots = 0;
  private window: LoadResult['window'] | undefined;
  private readonly timers: NodeJS.Timeout[] = [];

  constructor(readonly plan: LoadPlan, private readonly onAllOpen: () => void, private readonly onResult: (result: LoadResult) => void) {
    this.slots = Array.from({ length: plan.slots }, (_, index) => new Slot(this, index));
  }

  start(): void {
    this.begun = performance.now();
    this.slots.forEach((slot, index) => setTimeout(() => slot.next(), (this.plan.rampMs * index) / this.plan.slots));
    this.timers.push(setInterval(() => this.sweep(), SWEEP_MS));
    if (this.plan.seconds !== undefined) this.timers.push(setTimeout(() => this.closeWindow(), this.plan.seconds * 1000));
  }

  wants(turn: number): boolean {
    return this.plan.turns === undefined ? this.window === undefined : turn < this.plan.turns;
  }

  sawFrames(count: number): void {
    this.frames += count;
  }

  slotOpened(): void {
    this.openSlots += 1;
    if (this.openSlots === this.plan.slots) this.onAllOpen();
  }

  whole(firstMs: number, wholeMs: number): void {
    this.answers += 1;
    this.firstMs.push(firstMs);
    this.wholeMs.push(wholeMs);
  }

  failed(fault: string): void {
    this.errors[fault] = (this.errors[fault] ?? 0) + 1;
  }

  slotEnded(): void {
    this.endedSlots += 1;
    if (this.endedSlots < this.plan.slots) return;
    this.closeWindow();
    for (const timer of this.timers) clearInterval(timer);
    const { answers, frames, errors, firstMs, wholeMs } = this;
    this.onResult({ answers, frames, window: this.window ?? { answers, frames, seconds: 0 }, errors, firstMs, wholeMs });
  }

  private closeWindow(): void {
    this.window ??= { answers: this.answers, frames: this.frames, seconds: (performance.now() - this.begun) / 1000 };
  }

  private sweep(): void {
    const late = performance.now() - this.plan.answerTimeoutMs;
    for (const slot of this.slots) if (slot.askedAt !== undefined && slot.askedAt < late) slot.giveUp();
  }
}

/** One connection and its turns. */
class Slot {
  askedAt: number | undefined;
  private turn = 0;
  private seen = 0;
  private firstAt: number | undefined;
  private opened = false;
  private reader: AnswerReader | undefined;
  private readonly connection: HttpConnection;

  constructor(private readonly load: Load, private readonly index: number) {
    this.connection = new HttpConnection(load.plan.host, load.plan.port, () => this.onBytes());
  }

  next(): void {
    if (!this.load.wants(this.turn)) {
      this.connection.close();
      this.load.slotEnded();
      return;
    }
    const { requests, slots, format } = this.load.plan;
    const request = requests[(this.turn * slots + this.index) % requests.length] ?? '';
    this.turn += 1;
    this.connection.open((fault) => {
      if (fault !== undefined) {
        this.ended(fault);
        return;
      }
      const reader = readerOf(format);
      this.reader = reader;
      this.seen = 0;
      this.firstAt = undefined;
      this.askedAt = performance.now();
      this.connection.ask(request, reader, (broken) => this.ended(broken ?? reader.verdict(this.load.plan.tokens)));
    });
  }

  giveUp(): void {
    this.connection.fail('timeout');
  }

  private onBytes(): void {
    const { reader } = this;
    if (reader === undefined || reader.frames === this.seen) return;
    this.load.sawFrames(reader.frames - this.seen);
    this.seen = reader.frames;
    this.firstAt ??= performance.now();
    if (this.opened) return;
    this.opened = true;
    this.load.slotOpened();
  }

  private ended(fault: string | undefined): void {
    this.onBytes();
    const { askedAt, firstAt } = this;
    this.askedAt = undefined;
    this.reader = undefined;
    if (fault === undefined && askedAt !== undefined && firstAt !== undefined) {
      this.load.whole(firstAt - askedAt, performance.now() - askedAt);
      this.next();
    } else {
      this.load.failed(fault ?? 'no words');
      setTimeout(() => this.next(), AFTER_ERROR_MS);
    }
  }
}
