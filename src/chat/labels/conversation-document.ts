import { aigcLabel, type AigcLabel, type HandOut } from './aigc-label.js';
import { FRONT_MATTER_EDGE, yamlObject, yamlScalar } from './front-matter.js';

export const EXPORT_FORMATS = ['md', 'txt', 'json'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What stands around the messages of an exported conversation. */
export interface DocumentFrame {
  readonly id: string;
  readonly title: string | null;
  readonly model: string;
  readonly createdAt: Date;
  readonly exportedAt: Date;
  /** The visible label, at start and end; undefined: the user asked for none, and may. */
  readonly notice: string | undefined;
  /** Ids of the generated messages, in their order; read once, by formats that need them ahead. */
  readonly generated: AsyncIterable<string>;
  readonly handOut: HandOut;
}

export interface DocumentMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  readonly state: string;
  readonly model: string | null;
  readonly createdAt: Date;
  readonly label: AigcLabel | undefined;
}

/** How a conversation is written down, piece by piece. */
export interface DocumentWriter {
  readonly mediaType: string;
  head(frame: DocumentFrame): AsyncIterable<string>;
  message(message: DocumentMessage, frame: DocumentFrame, first: boolean): string;
  tail(frame: DocumentFrame): string;
}

const STATES: Readonly<Record<string, string>> = { stopped: '已停止', failed: '回答中断', refused: '内容已被收回', recalled: '部分内容已被撤回', unjudged: '尚未通过审核' };
const LINE_END = /\r\n|[\n\r\u0085\u2028\u2029]/;

const markdown: DocumentWriter = {
  mediaType: 'text/markdown',
  async *head(frame) {
    yield* frontMatter(frame);
    if (frame.notice !== undefined) yield `\n**${escaped(frame.notice)}**\n`;
    if (frame.title !== null) yield `\n# ${escaped(frame.title)}\n`;
  },
  // Within a quotation nothing that a message leaves open (a fence, a comment) can hide what follows.
  message: (message, frame) => `\n### ${escaped(headingOf(message, frame))}\n\n${message.content === '' ? '' : message.content.split(LINE_END).map((line) => `> ${line}\n`).join('')}`,
  tail: ({ notice }) => (notice === undefined ? '' : `\n---\n\n**${escaped(notice)}**\n`),
};

const plain: DocumentWriter = {
  mediaType: 'text/plain',
  async *head(frame) {
    yield* frontMatter(frame);
    if (frame.notice !== undefined) yield `\n${frame.notice}\n`;
    if (frame.title !== null) yield `\n${oneLine(frame.title)}\n`;
  },
  message: (message, frame) => `\n【${headingOf(message, frame)}】\n${message.content === '' ? '' : `${message.content}\n`}`,
  tail: ({ notice }) => (notice === undefined ? '' : `\n${notice}\n`),
};

const json: DocumentWriter = {
  mediaType: 'application/json',
  async *head(frame) {
    const about = { id: frame.id, title: frame.title, model: frame.model, created_at: frame.createdAt, exported_at: frame.exportedAt };
    yield `${JSON.stringify({ ...(frame.notice === undefined ? {} : { notice: frame.notice }), ...about }).slice(0, -1)},"messages":[`;
  },
  message: ({ id, role, content, state, model, createdAt, label }, _frame, first) =>
    `${first ? '' : ','}${JSON.stringify({ id, role, content, state, created_at: createdAt, ...(role === 'assistant' ? { model } : {}), ...(label === undefined ? {} : { AIGC: label }) })}`,
  tail: ({ notice }) => (notice === undefined ? ']}' : `],"end_notice":${JSON.stringify(notice)}}`),
};

export const WRITERS: Readonly<Record<ExportFormat, DocumentWriter>> = { md: markdown, txt: plain, json };

/**
 * YAML between two edges. `AIGC` is the label's object where the conversation has one generated message, a list of
 * such objects in the order of the messages where it has several, and absent where nothing in it was generated.
 */
async function* frontMatter({ id, title, createdAt, exportedAt, generated, handOut }: DocumentFrame): AsyncGenerator<string> {
  yield `${FRONT_MATTER_EDGE}title: ${yamlScalar(title)}\nconversation: ${yamlScalar(id)}\ncreated_at: ${yamlScalar(createdAt.toISOString())}\nexported_at: ${yamlScalar(exportedAt.toISOString())}\n`;
  const label = (messageId: string): string => yamlObject({ ...aigcLabel(messageId, handOut) });
  let first: string | undefined;
  let several = false;
  for await (const messageId of generated) {
    if (first === undefined) {
      first = messageId;
      continue;
    }
    if (!several) yield `AIGC:\n  - ${label(first)}\n`;
    several = true;
    yield `  - ${label(messageId)}\n`;
  }
  if (first !== undefined && !several) yield `AIGC: ${label(first)}\n`;
  yield FRONT_MATTER_EDGE;
}

/** Who, by which model, when, and how it ended. That a machine speaks is part of the visible label. */
function headingOf({ role, model, createdAt, state }: DocumentMessage, { notice }: DocumentFrame): string {
  const who = role === 'user' ? '用户' : notice === undefined ? '助手' : '助手（AI生成）';
  return [who, ...(model === null ? [] : [model]), createdAt.toISOString(), ...(STATES[state] === undefined ? [] : [STATES[state]])].join(' · ');
}

/** Words that Markdown takes for nothing but words. */
function escaped(text: string): string {
  return oneLine(text).replace(/[\\`*_{}[\]<>()#!|~&$]/g, '\\$&');
}

function oneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}
