import { hashText } from './hash.js';
import { piecesOf } from './pieces.js';
import type { Behaviour } from './behaviour.js';
import type { Piece } from './pieces.js';

/** An answer as pieces that are asked for one by one, so that a long one needs no memory. The first `reasoning` pieces are thoughts. */
export interface Answer {
  readonly length: number;
  readonly reasoning: number;
  piece(index: number): Piece;
}

/** The question as the simulator sees it. */
export interface Question {
  /** The last user message without its directive. */
  readonly text: string;
  /** How many messages the request held. */
  readonly messages: number;
}

const NOTICE = '我是模拟模型（simulator），不是真正的人工智能，下面的话由模板拼成。\n';
const ENGLISH_NOTICE = '我是模拟模型。I am a simulated model, not a real AI; this text comes from a template.\n';

const OPENINGS = [
  (quote: string, n: number) => `你问的是“${quote}”。连同它，我一共收到了${n}条消息。`,
  (quote: string, n: number) => `关于“${quote}”，我手里有${n}条消息可以参考，先说说我的看法。`,
  (quote: string, n: number) => `收到啦😊！这次对话里共有${n}条消息，最后一条是“${quote}”。`,
  (quote: string, n: number) => `“${quote}”——这是个好问题👍。我读完了全部${n}条消息。`,
];
const BODIES = [
  '可以分三步来看：第一，先弄清楚目标是什么；第二，把大的问题拆成小的问题；第三，一次只解决其中一个，并且随时检查结果。',
  '打个比方，这就像煮一碗面：水要先烧开，面要后下锅，火候到了自然好吃🍜。急不得，也拖不得，关键在于顺序。',
  '从字面上说并不难，难的是把它坚持做下去。古人写“𠮷”字，上面是土不是士，细小的差别也值得认真对待。',
  '我的建议是：先写下你已经知道的事，再写下你还不知道的事，最后挑一件今天就能做完的事开始。这样一天一天过去，路就走出来了。',
  '有人喜欢快，有人喜欢稳。如果时间充裕，不妨两种办法都试一试，再比较它们花掉的力气和得到的结果⚖️。',
];
const CLOSINGS = [
  '希望这些对你有用。还想知道什么，尽管问我！',
  '以上内容只用来试验系统，请不要当真🙂。',
  '要是想换个角度，把问题再说具体一点就好。生僻字也没关系，比如“𪚥”和“龘”。',
  '今天先说到这里👨‍👩‍👧，祝你一切顺利。',
];
const ENGLISH_BODIES = [
  'Take it in three steps: say what you want, cut it into small parts, then solve one part at a time and look at the result before going on.',
  'It is a little like cooking noodles 🍜: boil the water first, be patient, and taste before you serve. The order matters more than the speed.',
  'Write down what you know, write down what you do not know, and begin with one thing that you can finish today.',
];

const FILLER = piecesOf(`${BODIES.join('')}${CLOSINGS.join('')}`);
const NOTICE_PIECES = piecesOf(NOTICE);
const THOUGHTS = piecesOf('先想一想：用户想要的是什么？我是模拟模型，只能按模板作答，那就挑一段合适的话。');
const QUOTED_CHARACTERS = 24;

/** Makes the answer that a behaviour and a question lead to. The same input gives the same answer. */
export function makeAnswer(behaviour: Behaviour, question: Question): Answer {
  const thoughts = behaviour.reasoning ? THOUGHTS : [];
  if (behaviour.text === undefined && behaviour.tokens !== undefined && !behaviour.loneSurrogates) return fillerAnswer(thoughts, behaviour.tokens);
  let text = behaviour.text ?? (behaviour.tokens === undefined ? composeText(question) : fillerText(behaviour.tokens));
  if (behaviour.loneSurrogates && !/[\u{10000}-\u{10ffff}]/u.test(text)) text += '😀';
  return listAnswer(thoughts, piecesOf(text, behaviour.loneSurrogates));
}

function composeText(question: Question): string {
  const seed = hashText(question.text);
  const quote = quoteOf(question.text);
  if (question.text !== '' && !/\p{Script=Han}/u.test(question.text)) {
    const opening = `You said “${quote}”, and I was given ${question.messages} message(s). `;
    return `${ENGLISH_NOTICE}${opening}${pick(ENGLISH_BODIES, seed >>> 3)} ${pick(ENGLISH_BODIES, (seed >>> 3) + 1)}\n${pick(CLOSINGS, seed >>> 7)}`;
  }
  const bodies = seed % 3 === 0 ? pick(BODIES, seed >>> 3) : `${pick(BODIES, seed >>> 3)}\n${pick(BODIES, (seed >>> 3) + 1)}`;
  return `${NOTICE}${pick(OPENINGS, seed)(quote, question.messages)}\n${bodies}\n${pick(CLOSINGS, seed >>> 7)}`;
}

function quoteOf(text: string): string {
  // A question may be very long: look at its beginning only, by code points, so that no pair is cut.
  const characters = [...text.slice(0, QUOTED_CHARACTERS * 2 + 2).replaceAll(/\s+/gu, ' ')];
  if (characters.length <= QUOTED_CHARACTERS) return characters.join('') || '（空）';
  return `${characters.slice(0, QUOTED_CHARACTERS).join('')}…`;
}

function pick<T>(list: readonly T[], seed: number): T {
  return list[seed % list.length] as T;
}

function fillerAnswer(thoughts: readonly Piece[], tokens: number): Answer {
  return {
    length: thoughts.length + tokens,
    reasoning: thoughts.length,
    piece: (index) => thoughts[index] ?? fillerPiece(index - thoughts.length),
  };
}

function fillerPiece(index: number): Piece {
  return (NOTICE_PIECES[index] ?? FILLER[(index - NOTICE_PIECES.length) % FILLER.length]) as Piece;
}

function fillerText(tokens: number): string {
  let text = '';
  for (let index = 0; index < tokens; index += 1) text += fillerPiece(index).text;
  return text;
}

function listAnswer(thoughts: readonly Piece[], content: readonly Piece[]): Answer {
  const pieces = [...thoughts, ...content];
  return { length: pieces.length, reasoning: thoughts.length, piece: (index) => pieces[index] as Piece };
}
