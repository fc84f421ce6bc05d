import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { newId } from '../../platform/values/index.js';
import { aigcLabel, handedOut, isGenerated, type HandOut } from './aigc-label.js';
import { WRITERS, type DocumentFrame, type DocumentMessage, type ExportFormat } from './conversation-document.js';

const NOTICE = '内容由AI生成，仅供参考';
const handOut: HandOut = { id: newId(), provider: '某某科技' };
const at = new Date(1_790_000_000_000);

function messageOf(role: 'user' | 'assistant', content: string, state = 'complete'): DocumentMessage {
  const id = newId();
  const words = handedOut({ state, content });
  return { id, role, content: words, state, model: role === 'user' ? null : 'deepseek-chat', createdAt: at, label: isGenerated({ role, content: words }) ? aigcLabel(id, handOut) : undefined };
}

async function* from(ids: readonly string[]): AsyncGenerator<string> {
  yield* ids;
}

async function write(format: ExportFormat, messages: readonly DocumentMessage[], more: Partial<DocumentFrame> = {}): Promise<string> {
  const frame: DocumentFrame = { id: handOut.id, title: '标题', model: 'deepseek-chat', createdAt: at, exportedAt: at, notice: NOTICE, handOut, generated: from(messages.flatMap(({ id, label }) => (label === undefined ? [] : [id]))), ...more };
  const writer = WRITERS[format];
  let text = '';
  for await (const piece of writer.head(frame)) text += piece;
  return [text, ...messages.map((message, index) => writer.message(message, frame, index === 0)), writer.tail(frame)].join('');
}

/** The front matter, and what follows it. */
function split(text: string): { meta: { title: string | null; AIGC?: unknown }; body: string } {
  const end = text.indexOf('\n---\n', 4);
  expect(text.startsWith('---\n')).toBe(true);
  return { meta: parse(text.slice(4, end + 1)), body: text.slice(end + 5) };
}

const FULL = { Label: '1', ContentProducer: '某某科技', ReservedCode1: '', ContentPropagator: '某某科技', PropagateID: handOut.id, ReservedCode2: '' };
const nasty = fc.array(fc.oneof(fc.constantFrom('---', '---\n', '\n', '\r', '\u0085', '\u2028', '```', '~~~', '<!--', '<script>', '"', '\\', ': ', '# ', '...\n', '你好', '\u0000', '\uD800', '[x](', '> '), fc.string({ maxLength: 5 })), { maxLength: 20 }).map((parts) => parts.join(''));

describe('an exported conversation', () => {
  it('labels one generated message by an object, several by a list, none by nothing', async () => {
    const question = messageOf('user', '问');
    const [one, other] = [messageOf('assistant', '答'), messageOf('assistant', '再答')];
    for (const format of ['md', 'txt'] as const) {
      expect(split(await write(format, [question])).meta.AIGC).toBeUndefined();
      expect(split(await write(format, [question, one])).meta.AIGC).toEqual({ ...FULL, ProduceID: one.id });
      expect(split(await write(format, [question, one, other])).meta.AIGC).toEqual([{ ...FULL, ProduceID: one.id }, { ...FULL, ProduceID: other.id }]);
    }
    expect(JSON.parse(await write('json', [question, one])).messages).toMatchObject([{ id: question.id, content: '问' }, { id: one.id, AIGC: { ...FULL, ProduceID: one.id } }]);
  });

  it('has no words of a refused message, and no label for them', async () => {
    const refused = messageOf('assistant', '不该看见', 'refused');
    for (const format of ['md', 'txt', 'json'] as const) {
      const text = await write(format, [refused]);
      expect(text).not.toContain('不该看见');
      expect(text).not.toContain('AIGC');
    }
  });

  it('holds its front matter and both visible labels whatever titles and messages say', async () => {
    await fc.assert(fc.asyncProperty(nasty, fc.array(fc.tuple(fc.constantFrom('user' as const, 'assistant' as const), nasty), { maxLength: 4 }), async (title, words) => {
      const messages = words.map(([role, content]) => messageOf(role, content));
      for (const format of ['md', 'txt'] as const) {
        const { meta, body } = split(await write(format, messages, { title }));
        expect(meta.title).toBe(title.toWellFormed());
        expect([meta.AIGC ?? []].flat()).toEqual(messages.flatMap(({ label }) => label ?? []));
        const lines = body.split('\n').filter((line) => line !== '');
        const label = format === 'md' ? `**${NOTICE}**` : NOTICE;
        expect([lines[0], lines.at(-1)]).toEqual([label, label]);
      }
      const whole = JSON.parse(await write('json', messages, { title })) as Record<string, unknown>;
      expect([Object.keys(whole)[0], Object.keys(whole).at(-1)]).toEqual(['notice', 'end_notice']);
    }), { numRuns: 300 });
  });

  it('quotes every line of a message in Markdown, so that nothing left open hides what follows', async () => {
    await fc.assert(fc.asyncProperty(nasty, async (content) => {
      const { body } = split(await write('md', [messageOf('assistant', content)]));
      const lines = body.split(/\r\n|[\n\r\u0085\u2028\u2029]/).filter((line) => line !== '');
      expect(lines.filter((line) => !line.startsWith('> ') && !line.startsWith('### ') && !['# 标题', `**${NOTICE}**`, '---'].includes(line))).toEqual([]);
    }));
  });

  it('says nothing visible of AI where no label was asked for, and keeps the metadata', async () => {
    const answer = messageOf('assistant', '答');
    for (const format of ['md', 'txt', 'json'] as const) {
      const text = await write(format, [answer], { notice: undefined });
      expect(text).not.toContain('生成');
      expect(text).toContain(`"ProduceID":${format === 'json' ? '' : ' '}"${answer.id}"`);
    }
  });
});
