import type { DeltaBatch } from './delta.js';

/** Puts a batch that was read ahead before the rest; leaving it early closes the rest. */
export async function* chain(first: IteratorResult<DeltaBatch, void>, rest: AsyncGenerator<DeltaBatch>): AsyncGenerator<DeltaBatch> {
  try {
    if (first.done) return;
    yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
