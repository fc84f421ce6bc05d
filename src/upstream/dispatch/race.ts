import type { DeltaBatch } from '../stream/delta.js';
import type { UpstreamRequest } from '../stream/request.js';
import type { ChannelCall } from './channel-call.js';

/** A call that has its first words. */
export interface OpenedCall {
  readonly call: ChannelCall;
  readonly stream: AsyncIterable<DeltaBatch>;
}

/**
 * Opens a call, and when its first words are later than `lateMs` a second one beside it. The first to speak is the
 * answer, the other is aborted on the spot; a failure of one lets the other go on. Nobody has heard a word before
 * this answers, so what is heard is of one call only.
 * @param second makes the second call; undefined where there is none to be had.
 * @throws what the last of them to fail threw; the signal's reason when it was aborted.
 */
export async function race(first: ChannelCall, lateMs: number, second: () => Promise<ChannelCall | undefined>, request: UpstreamRequest, signal: AbortSignal): Promise<OpenedCall> {
  const opening = opened(first, request, signal);
  if (await isSettledWithin(opening, lateMs)) return opening;
  let settled = false;
  const settle = (): void => { settled = true; };
  const told = opening.then(settle, settle);
  const asked = second().catch(() => undefined);
  await Promise.race([asked, told]);
  if (settled || signal.aborted) {
    void asked.then((rival) => rival?.giveBack());
    return opening;
  }
  const rival = await asked;
  if (rival === undefined) return opening;
  return fasterOf([first, opening], [rival, opened(rival, request, signal)], signal);
}

async function fasterOf(...[one, other, signal]: readonly [Runner, Runner, AbortSignal]): Promise<OpenedCall> {
  try {
    const winner = await Promise.any([one[1], other[1]]);
    const [loser, losing] = winner.call === one[0] ? other : one;
    loser.lose();
    losing.then(({ stream }) => discard(stream), () => undefined);
    return winner;
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const failures = error instanceof AggregateError ? (error.errors as unknown[]) : [error];
    // Where the request itself is at fault, that is the reason to tell.
    throw one[0].again === 'never' ? failures[0] : failures.at(-1);
  }
}

type Runner = readonly [ChannelCall, Promise<OpenedCall>];

async function opened(call: ChannelCall, request: UpstreamRequest, signal: AbortSignal): Promise<OpenedCall> {
  return { call, stream: await call.open(request, signal, true) };
}

async function isSettledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = promise.then(() => true, () => true);
  return Promise.race([settled, late]).finally(() => clearTimeout(timer));
}

/** Words that came too late: nobody reads them, and their connection is closed. */
function discard(stream: AsyncIterable<DeltaBatch>): void {
  const closing = stream[Symbol.asyncIterator]().return?.();
  void closing?.then(() => undefined, () => undefined);
}
