import type { Delivery } from './push/sender.js';

/** A delivery as the control endpoints show it; the `MsgId` as text, so that no parser rounds it. */
export function viewOf({ message, variant, outcome, attempts }: Delivery): object {
  const shown = Object.fromEntries(Object.entries(message).map(([name, value]) => [name, typeof value === 'bigint' ? String(value) : value]));
  return { outcome, variant, attempts, message: shown };
}
