import fc from 'fast-check';
import { DELTA_LIMIT, type RunEvent, type StreamFrame } from '../../src/chat/stream/run-event.js';
import type { WireSubject, WireWrite } from '../../src/chat/wire/wire.js';

/** Bits of text that have broken encoders and simple clients. */
const NASTY = [
  'error', 'Error', 'ERROR', 'rror', 'ror', 'e', 'er', 'success: ', 'SUCCESS: ', 'uccess: ', 's', 'su', 'data: ', 'ata: ', 'ta: ', 'event: ',
  '0', '0\r\n\r\n', '\r\n', '\n\n', '\r', ' ', '\0', '\\', '\\u', '"', '\u0085', '\u2028', '\u2029', '\ufeff', '\u007f',
  '\u00ee', '\u00ed', '\u00da', '\u000e', '\uaaae', '你好', '百聊', '😀', '👩‍👩‍👧', 'é', '<|endoftext|>', '[DONE]', '\ud800', '\udfff',
];

/** Any UTF-16 text, often made of nasty bits, lone surrogates included. */
export const anyText = fc.array(
  fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 8 }), fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code))),
  { maxLength: 40 },
).map((parts) => parts.join(''));

/** Text as the log keeps it: no lone surrogate, so that UTF-8 carries it. */
export const loggedText = anyText.map((text) => text.toWellFormed());

const id = fc.oneof(fc.uuid(), anyText.map((text) => text.slice(0, 36)));

export const anySubject: fc.Arbitrary<WireSubject> = fc.record({
  runId: id,
  conversationId: fc.option(id, { nil: undefined }),
  messageId: id,
  model: fc.oneof(fc.constantFrom('gpt-4o-mini', 'error-model', '通义千问'), anyText.map((text) => text.slice(0, 64))),
  createdAt: fc.integer({ min: 0, max: 4_000_000_000 }),
  includeUsage: fc.boolean(),
});

/** Cuts a text into deltas: at most DELTA_LIMIT units each, never inside a surrogate pair. */
function deltas(text: string, sizes: readonly number[]): string[] {
  const parts: string[] = [];
  let part = '';
  let limit = sizes[0] ?? DELTA_LIMIT;
  for (const character of text) {
    if (part !== '' && part.length + character.length > limit) {
      parts.push(part);
      part = '';
      limit = sizes[parts.length % sizes.length] ?? DELTA_LIMIT;
    }
    part += character;
  }
  return part === '' ? parts : [...parts, part];
}

/** A whole run as a follower sees it, without its terminal event, and the text that it tells. */
export const anyTelling: fc.Arbitrary<{ text: string; frames: StreamFrame[]; nextSeq: number }> = fc
  .record({
    text: fc.array(loggedText, { maxLength: 12 }).map((parts) => parts.join('')),
    sizes: fc.array(fc.integer({ min: 1, max: DELTA_LIMIT }), { minLength: 1, maxLength: 6 }),
    pace: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
    signs: fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }),
  })
  .map(({ text, sizes, pace, signs }) => {
    const frames: StreamFrame[] = [{ type: 'queued', position: 3, etaMs: 1_500 }, { type: 'started', seq: 1 }];
    let seq = 1;
    for (const content of deltas(text, sizes)) {
      seq += 1;
      const delta: RunEvent = pace === undefined ? { type: 'delta', seq, content } : { type: 'delta', seq, content, pace };
      frames.push(delta);
      if (signs[seq % signs.length] === true) frames.push({ type: 'heartbeat' });
    }
    return { text, frames, nextSeq: seq + 1 };
  });

const utf8 = new TextEncoder();

/** The bytes of some writes, cut into chunks at any place. */
export function cutAnywhere(writes: readonly WireWrite[], sizes: readonly number[]): Uint8Array[] {
  const bytes = utf8.encode(writes.map((write) => write.text).join(''));
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = sizes[chunks.length % sizes.length] ?? 1;
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

/** The bytes of some writes as a network may merge them: whole writes, some together, those `apart` alone. */
export function mergeWrites(writes: readonly WireWrite[], merges: readonly boolean[]): Uint8Array[] {
  const chunks: string[] = [];
  let open = false;
  writes.forEach((write, index) => {
    if (open && !write.apart && merges[index % merges.length] === true) chunks.push(`${chunks.pop() ?? ''}${write.text}`);
    else chunks.push(write.text);
    open = !write.apart;
  });
  return chunks.map((chunk) => utf8.encode(chunk));
}
