const PATIENCE_MS = 10_000;
const STEP_MS = 25;

/** Asks until the answer holds: for what another process does in its own time, and tells nobody. Bounded; fails with the last answer. */
export async function eventually<T>(ask: () => Promise<T>, holds: (answer: T) => boolean, patienceMs = PATIENCE_MS): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`did not come true within ${patienceMs} ms: ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}
