import { ControlError } from './control-error.js';
import { LABELS, NORMAL, isSuggestion, verdictOf } from './verdict.js';
import type { DetailItem, Suggestion, Verdict } from './verdict.js';

const MOST_WORDS = 10_000;
const MOST_APPS = 1_000;
const LONGEST_WORD = 100;
const FIELDS = ['keyword', 'suggest', 'label', 'prob', 'level', 'strategy', 'errcode'];

/** A word and what a text with it is judged as. */
export interface WordRule {
  readonly keyword: string;
  readonly suggest: Suggestion;
  readonly label: number;
  /** How sure the model is, 0 to 100; of the strategy `content_model`. */
  readonly prob: number;
  /** Of the strategy `keyword`. */
  readonly level: number;
  readonly strategy: DetailItem['strategy'];
  /** Not 0: this strategy failed, and its item does not count. */
  readonly errcode: number;
}

const risky = (keyword: string, label: number): WordRule => ({ keyword, suggest: 'risky', label, prob: 90, level: 90, strategy: 'keyword', errcode: 0 });

/** What holds where nobody said otherwise: plain words that somebody who tries things out can type, one for each label. */
export const USUAL_WORDS: readonly WordRule[] = [
  risky('广告测试', 10001),
  risky('时政测试', 20001),
  risky('色情测试', 20002),
  risky('辱骂测试', 20003),
  risky('违法测试', 20006),
  risky('欺诈测试', 20008),
  risky('低俗测试', 20012),
  risky('版权测试', 20013),
  { ...risky('人工复核测试', 21000), suggest: 'review', prob: 60, strategy: 'content_model' },
];

/** The words by which texts are judged, for all apps or for one. */
export class WordTable {
  #common: readonly WordRule[] = USUAL_WORDS;
  readonly #own = new Map<string, readonly WordRule[]>();

  of(appid: string): readonly WordRule[] {
    return this.#own.get(appid) ?? this.#common;
  }

  /** `{appid?, words: [{keyword, suggest, label, …}]}` takes the place of the whole table. Throws ControlError; the old table stays then. */
  set({ appid, words }: Record<string, unknown>): readonly WordRule[] {
    if (appid !== undefined && typeof appid !== 'string') throw new ControlError(400, '"appid" must be a string.');
    if (!Array.isArray(words) || words.length > MOST_WORDS) throw new ControlError(400, `"words" must be a list of at most ${MOST_WORDS}.`);
    const table = words.map((word) => parseWord(word));
    if (appid === undefined) this.#common = table;
    else if (this.#own.size >= MOST_APPS && !this.#own.has(appid)) throw new ControlError(507, 'Too many tables.');
    else this.#own.set(appid, table);
    return table;
  }

  /** The usual table again, for one app or for all. */
  reset(appid: string | undefined): void {
    if (appid !== undefined) this.#own.delete(appid);
    else {
      this.#own.clear();
      this.#common = USUAL_WORDS;
    }
  }

  /** The model's word first, then an item for each listed word. */
  judge(appid: string, text: string): Verdict {
    const found = this.of(appid).filter(({ keyword }) => text.includes(keyword));
    const model = found.filter(({ strategy }) => strategy === 'content_model').map(({ errcode, suggest, label, prob }): DetailItem => ({ strategy: 'content_model', errcode, suggest, label, prob }));
    const listed = found.filter(({ strategy }) => strategy === 'keyword').map(({ errcode, suggest, label, level, keyword }): DetailItem => ({ strategy: 'keyword', errcode, suggest, label, level, keyword }));
    return verdictOf([...(model.length > 0 ? model : [{ strategy: 'content_model', errcode: 0, suggest: 'pass', label: NORMAL, prob: 90 } as const]), ...listed]);
  }
}

function parseWord(value: unknown): WordRule {
  if (typeof value !== 'object' || value === null) throw new ControlError(400, 'A word must be a JSON object.');
  const unknown = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) throw new ControlError(400, `Unknown field "${unknown}" of a word.`);
  const { keyword, suggest = 'risky', label = 21000, prob = 90, level = 90, strategy = 'keyword', errcode = 0 } = value as Record<string, unknown>;
  if (typeof keyword !== 'string' || keyword === '' || keyword.length > LONGEST_WORD) throw new ControlError(400, `"keyword" must be a string of 1 to ${LONGEST_WORD}.`);
  if (!isSuggestion(suggest)) throw new ControlError(400, '"suggest" must be pass, review or risky.');
  if (typeof label !== 'number' || !LABELS.includes(label)) throw new ControlError(400, `"label" must be one of ${LABELS.join(', ')}.`);
  if (strategy !== 'keyword' && strategy !== 'content_model') throw new ControlError(400, '"strategy" must be keyword or content_model.');
  if (!isPercent(prob) || !isPercent(level)) throw new ControlError(400, '"prob" and "level" must be numbers from 0 to 100.');
  if (typeof errcode !== 'number' || !Number.isInteger(errcode)) throw new ControlError(400, '"errcode" must be an integer.');
  return { keyword, suggest, label, prob, level, strategy, errcode };
}

function isPercent(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 100;
}
