import type { Behaviour } from './behaviour.js';
import type { Exchange } from './exchange.js';

/** Whether an answer in one piece breaks within its body. */
export function breaksBody(behaviour: Behaviour): boolean {
  return stalls(behaviour) || behaviour.reset === 'mid' || behaviour.cutWithoutDone === true || behaviour.malformed === true;
}

/** The faults of a stream's middle, for an answer in one piece: half of its body, then silence, a cut, or an end as if it were whole. */
export function answerHalf(exchange: Exchange, behaviour: Behaviour, text: string): void {
  const { response } = exchange;
  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
  const half = behaviour.hang === 'before-first-token' ? '' : text.slice(0, text.length / 2);
  if (stalls(behaviour)) {
    response.flushHeaders();
    if (half !== '') response.write(half);
    exchange.hang();
  } else if (behaviour.reset === 'mid') {
    exchange.expectBreak();
    response.write(half, () => response.destroy());
  } else {
    response.end(half);
  }
}

function stalls({ hang }: Behaviour): boolean {
  return hang === 'before-first-token' || hang === 'mid';
}
