import type { Delivery } from './push/sender.js';

/** A delivery as the control endpoints show it; the `MsgId` as text, so that no parser rounds it. */
export function viewOf({ message, variant, outcome, attempts }: Delivery): object {
  const shown = Object.fromEntries(Object.entries(message).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]));
  return { outcome, variant, attempts, message: shown };
}

/** What became of pushes, as an answer has it; where nobody waits for them nothing, and a failure is only logged. Rejects as `pushed` does. */
export async function endOf(pushed: Promise<readonly Delivery[]>, waits: boolean): Promise<{ readonly deliveries?: readonly object[] }> {
  if (waits) return { deliveries: (await pushed).map(viewOf) };
  pushed.catch((error: unknown) => console.error('WeChat simulator: a push failed', error));
  return {};
}
