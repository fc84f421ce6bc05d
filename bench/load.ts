import { readFileSync } from 'node:fs';
import { Agent, request, type IncomingMessage } from 'node:http';

/** One run of the load generator: reads its plan as JSON from standard input, prints its result as one JSON line. A process of its own, so that its CPU counts for nobody. */
export interface LoadPlan {
  readonly url: string;
  readonly headers: readonly Readonly<Record<string, string>>[];
  readonly paths: readonly string[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly format: 'sse' | 'wxapp' | 'json';
  readonly concurrency: number;
  /** Either a number of requests in all, or a time. */
  readonly requests?: number;
  readonly seconds?: number;
  /** Frames with words that a whole answer has. */
  readonly frames: number;
  /** Requests start evenly over this time. */
  readonly rampMs: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly errors: number;
  readonly frames: number;
  readonly seconds: number;
  readonly firstMs: readonly number[];
}

const plan = JSON.parse(readFileSync(0, 'utf8')) as LoadPlan;
const agent = new Agent({ keepAlive: true, maxSockets: plan.concurrency });
const firstMs: number[] = [];
let requests = 0;
let errors = 0;
let frames = 0;
let begun = 0;

const WORDS = { sse: Buffer.from('"content":"'), wxapp: Buffer.from('success: {"content":"'), json: Buffer.from('"content":"') } as const;
/** In each format a frame without words has its content end at once. */
const QUOTE = 0x22;

function count(bytes: Buffer): number {
  const mark = WORDS[plan.format];
  let found = 0;
  for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + mark.length)) if (bytes[at + mark.length] !== QUOTE) found += 1;
  return found;
}

async function one(at: number): Promise<void> {
  const from = performance.now();
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const body = JSON.stringify(plan.body);
    const call = request(plan.url + (plan.paths[at % plan.paths.length] ?? ''), {
      method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...plan.headers[at % plan.headers.length] }, timeout: 120_000,
    }, resolve);
    call.on('error', reject);
    call.end(body);
  });
  let rest: Buffer = Buffer.alloc(0);
  let seen = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const cut = bytes.lastIndexOf(0x0a) + 1;
    const fresh = count(bytes.subarray(0, cut));
    if (fresh > 0 && seen === 0) firstMs.push(performance.now() - from);
    seen += fresh;
    rest = bytes.subarray(cut);
  }
  seen += count(rest);
  frames += seen;
  requests += 1;
  if (answer.statusCode !== 200 || seen !== plan.frames) errors += 1;
}

async function worker(index: number, end: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, (plan.rampMs * index) / plan.concurrency));
  while (plan.requests === undefined ? performance.now() < end : begun < plan.requests) {
    begun += 1;
    await one(plan.requests === undefined ? index : begun - 1).catch(() => {
      errors += 1;
    });
  }
}

const from = performance.now();
await Promise.all(Array.from({ length: plan.concurrency }, (_, index) => worker(index, from + (plan.seconds ?? 0) * 1000)));
const result: LoadResult = { requests, errors, frames, seconds: (performance.now() - from) / 1000, firstMs };
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
