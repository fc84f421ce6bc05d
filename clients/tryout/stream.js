// Reads an answer as it is streamed, and goes on where it broke off.
import { ApiError, call } from './api.js';

const ATTEMPTS = 8;

/** Server-Sent Events of a response, whatever the borders of its chunks. */
async function* events(response) {
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      for (let cut = rest.indexOf('\n\n'); cut >= 0; cut = rest.indexOf('\n\n')) {
        const lines = rest.slice(0, cut).split('\n');
        rest = rest.slice(cut + 2);
        const field = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
        const data = field('data');
        if (data !== undefined) yield { event: field('event'), kept: field('id') !== undefined, data: JSON.parse(data) };
      }
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/**
 * Follows a run to its end. `open` starts it (and may be repeated: it carries an Idempotency-Key); `known` continues
 * one that is known already. Reports every event once, in order, also over broken connections.
 */
export async function follow({ open, known, onRun, onEvent }) {
  let runId = known?.runId;
  let seq = known?.seq ?? 0;
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = runId === undefined ? await open() : await call('GET', `/v1/runs/${runId}/stream?format=sse&after=${seq}`);
      runId ??= response.headers.get('x-run-id');
      onRun(runId);
      for await (const event of events(response)) {
        if (event.kept && event.data.seq <= seq) continue;
        if (event.kept) seq = event.data.seq;
        else if (event.event === 'error') break;
        attempt = 0;
        onEvent(event, seq);
        if (event.kept && (event.event === 'done' || event.event === 'error')) return;
      }
    } catch (error) {
      if (error instanceof ApiError && error.status !== 0 && error.status < 500) throw error;
      if (attempt >= ATTEMPTS) throw error;
    }
    if (attempt >= ATTEMPTS) throw new ApiError(0);
    await new Promise((resolve) => setTimeout(resolve, Math.min(5_000, 300 * 2 ** attempt)));
  }
}

/** Draws a growing text at the pace at which the model speaks: one write a frame, never behind for long. */
export class Typist {
  constructor(draw) {
    this.draw = draw;
    this.text = '';
    /** Where the words of each event begin, to take them back. */
    this.begins = [];
    this.shown = 0;
    this.pace = 40;
    this.last = 0;
  }

  /** Words from `fromSeq` on are taken back, and others stand in their place. */
  recall(fromSeq, replace, seq) {
    const begin = this.begins.find((each) => each.seq >= fromSeq);
    this.text = this.text.slice(0, begin?.at ?? this.text.length);
    this.begins = this.begins.filter((each) => each.seq < fromSeq);
    this.shown = Math.min(this.shown, this.text.length);
    this.add(replace, undefined, seq);
  }

  add(content, pace, seq) {
    this.begins.push({ seq, at: this.text.length });
    this.text += content;
    if (pace !== undefined) this.pace = pace;
    this.running ??= requestAnimationFrame((at) => this.step(at));
  }

  /** Everything at once. */
  finish() {
    if (this.running !== undefined) cancelAnimationFrame(this.running);
    this.running = undefined;
    this.shown = this.text.length;
    this.draw(this.text);
  }

  step(at) {
    const elapsed = this.last === 0 ? 16 : Math.min(100, at - this.last);
    this.last = at;
    const behind = this.text.length - this.shown;
    this.shown = Math.min(this.text.length, this.shown + Math.max(1, Math.ceil((elapsed / 1000) * Math.max(this.pace, behind * 3))));
    const unit = this.text.charCodeAt(this.shown - 1);
    if (unit >= 0xd800 && unit <= 0xdbff) this.shown = Math.min(this.text.length, this.shown + 1);
    this.draw(this.text.slice(0, this.shown));
    if (this.shown < this.text.length) this.running = requestAnimationFrame((next) => this.step(next));
    else {
      this.running = undefined;
      this.last = 0;
    }
  }
}
