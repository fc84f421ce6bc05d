const LENGTH = 24;
const GREETING = /^(你好|您好|哈喽|嗨|在吗|早上好|晚上好|hi|hello|hey)[啊呀吗的!！。.,，~～?？\s]*$/iu;

/** Code blocks between fences (CommonMark 0.31, 4.5), also one that is not closed. */
const CODE = /^[ \t>]*(`{3,}|~{3,})[^\n]*(?:\n[\s\S]*?(?:^[ \t>]*\1[`~]*[ \t]*$|(?![\s\S])))?/gmu;

/**
 * A conversation's title from its first exchange: the question's first
 * sentence, or, where the question is only a greeting, the answer's.
 * Code is no title: it tells nobody what was talked about, and some clients
 * may not show it.
 * @param answer empty where it must not be shown.
 */
export function titleOf(question: string, answer: string): string | undefined {
  const asked = firstSentence(question);
  const text = asked === '' || GREETING.test(asked) ? firstSentence(answer) || asked : asked;
  return text === '' ? undefined : shorten(text);
}

function firstSentence(text: string): string {
  const plain = text.slice(0, 2_000).replace(CODE, ' ').slice(0, 400).replace(/[#*`>_\s]+/gu, ' ').trim();
  return /^.{2,}?(?=[。！？!?\n]|\.\s|$)/u.exec(plain)?.[0].trim() ?? plain;
}

function shorten(text: string): string {
  const characters = Array.from(new Intl.Segmenter('zh', { granularity: 'grapheme' }).segment(text.slice(0, 400)), (segment) => segment.segment);
  return (characters.length <= LENGTH ? text : `${characters.slice(0, LENGTH).join('')}…`).slice(0, 119).toWellFormed();
}
