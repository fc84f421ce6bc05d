import { ControlError } from '../control-error.js';
import { integerOf, textOf } from '../control-fields.js';
import type { PushFormat } from './message.js';

/** WeChat waits this long for an answer, milliseconds. */
export const ANSWER_LIMIT_MS = 5_000;

/** Where and how an app wants its messages, as the console's form has it. */
export interface PushSettings {
  readonly url: string;
  readonly token: string;
  /** 43 characters; empty in plain mode where none was given. */
  readonly encodingAesKey: string;
  readonly mode: 'plain' | 'compatible' | 'secure';
  readonly format: PushFormat;
  /** The mini program's original id. */
  readonly userName: string;
  /** How long an answer may take, milliseconds. */
  readonly answerMs: number;
}

/** The console's form of every app. */
export class PushBook {
  readonly #settings = new Map<string, PushSettings>();

  of(appid: string): PushSettings | undefined {
    return this.#settings.get(appid);
  }

  /** Takes the form of a registered app as a whole. Throws ControlError; the old one stays then. */
  set(appid: string, body: Readonly<Record<string, unknown>>): PushSettings {
    const { encodingAesKey = '', mode = 'plain', format = 'json', userName = `gh_${appid.slice(-12)}`, answerMs = ANSWER_LIMIT_MS } = body;
    const [url, token] = [textOf(body['url'], 'url'), textOf(body['token'], 'token')];
    if (!/^https?:\/\//u.test(url) || !URL.canParse(url)) throw new ControlError(400, '"url" must be an http(s) URL.');
    if (!/^[A-Za-z0-9]{3,32}$/u.test(token)) throw new ControlError(400, '"token" must be 3 to 32 letters and digits.');
    if (mode !== 'plain' && mode !== 'compatible' && mode !== 'secure') throw new ControlError(400, '"mode" must be plain, compatible or secure.');
    if (format !== 'json' && format !== 'xml') throw new ControlError(400, '"format" must be json or xml.');
    if (typeof encodingAesKey !== 'string' || !(/^[A-Za-z0-9]{43}$/u.test(encodingAesKey) || (mode === 'plain' && encodingAesKey === ''))) throw new ControlError(400, '"encodingAesKey" must be 43 letters and digits.');
    const settings: PushSettings = { url, token, encodingAesKey, mode, format, userName: textOf(userName, 'userName'), answerMs: integerOf(answerMs, 'answerMs', 1, ANSWER_LIMIT_MS) };
    this.#settings.set(appid, settings);
    return settings;
  }

  remove(appid: string): void {
    this.#settings.delete(appid);
  }
}
