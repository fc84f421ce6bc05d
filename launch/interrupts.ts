/** Thrown out of a step when the user asked to stop. */
export class Interrupted extends Error {
  constructor(readonly signalName: NodeJS.Signals) {
    super(`stopped by ${signalName}`);
    this.name = 'Interrupted';
  }
}

export interface Interrupts {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP. */
  readonly stop: AbortSignal;
  /** Aborted by a second one. */
  readonly hurry: AbortSignal;
}

/** npm passes Ctrl-C on to its child, which has already got it from the terminal: one key press may arrive twice. */
const SAME_PRESS_MS = 1_000;

/** Listens for the signals that end a start, from now on. */
export function listenForInterrupts(onHurry: () => void): Interrupts {
  const stop = new AbortController();
  const hurry = new AbortController();
  let first = 0;
  const handle = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      first = performance.now();
      stop.abort(new Interrupted(signal));
    } else if (!hurry.signal.aborted && performance.now() - first > SAME_PRESS_MS) {
      onHurry();
      hurry.abort();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
  return { stop: stop.signal, hurry: hurry.signal };
}

/** Settles when the signal is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
