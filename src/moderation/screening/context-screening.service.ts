import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '../../platform/context/index.js';
import { PolicyService } from '../policy/policy.service.js';
import type { Hit } from '../text/lexicon-entry.js';
import { scanInTurns } from '../text/scan.js';
import { Turns } from '../text/turns.js';
import { Lexicons, versionOf } from '../words/lexicons.service.js';
import { covered } from './cover.js';

/** A question with its answer, which were judged when they were written. */
export interface EarlierTurn {
  readonly question: string;
  readonly answer: string;
}

/** Turns that are known to hold nothing: some 100 bytes each. */
const MOST_KNOWN = 50_000;
/** Characters of a digest, 6 bits each: the chance that two turns meet is none. */
const DIGEST_LENGTH = 24;

/** What the lists of today make of earlier turns that a model is to be shown again: words may have been listed since. Nothing is recorded: nobody wrote anything. */
@Injectable()
export class ContextScreening {
  /** By turn, the lists in which nothing of it stands. A turn comes again with every question; its words are searched once. */
  private readonly clean = new LRUCache<string, string>({ max: MOST_KNOWN });

  constructor(private readonly policies: PolicyService, private readonly lexicons: Lexicons) {}

  /**
   * In their order: the turn itself where the lists have nothing against it, the turn with words covered, or undefined
   * where it must not be shown to a model at all.
   * @throws unavailable, where the tenant's lists can't be had
   */
  async judged<Turn extends EarlierTurn>(ctx: RequestContext, turns: readonly Turn[]): Promise<readonly (Turn | undefined)[]> {
    const { input, output } = await this.policies.of(ctx.tenantId);
    const modes = { question: input.local.mode === 'on', answer: output.local.mode === 'on' };
    if (turns.length === 0 || (!modes.question && !modes.answer)) return turns;
    const lexicons = await this.lexicons.of(ctx.tenantId);
    const rules = `${versionOf(lexicons)} ${String(modes.question)} ${String(modes.answer)}`;
    const pauses = new Turns();
    const judged: (Turn | undefined)[] = [];
    for (const [at, turn] of turns.entries()) {
      // A word may be split over two questions.
      const before = turns[at - 1]?.question ?? '';
      const name = nameOf(ctx.tenantId, before, turn);
      if (this.clean.get(name) === rules) {
        judged.push(turn);
        continue;
      }
      const question = modes.question ? await scanInTurns(turn.question, lexicons, [before], pauses) : [];
      const answer = modes.answer ? await scanInTurns(turn.answer, lexicons, [], pauses) : [];
      if (!hidden(question) && !hidden(answer)) this.clean.set(name, rules);
      judged.push(shown(turn, question, answer));
    }
    return judged;
  }
}

function shown<Turn extends EarlierTurn>(turn: Turn, question: readonly Hit[], answer: readonly Hit[]): Turn | undefined {
  const refused = [...question, ...answer].some(({ entry }) => entry.action === 'block' || entry.action === 'answer');
  if (refused) return undefined;
  if (!hidden(question) && !hidden(answer)) return turn;
  return { ...turn, question: covered(turn.question, question), answer: covered(turn.answer, answer) };
}

/** Whether anything of a text must not be shown. */
function hidden(hits: readonly Hit[]): boolean {
  return hits.some(({ entry }) => entry.action === 'block' || entry.action === 'answer' || entry.action === 'mask');
}

/** Begins with the tenant, as every key. UTF-16 is what the texts are already. */
function nameOf(tenantId: string, before: string, { question, answer }: EarlierTurn): string {
  const digest = createHash('sha256').update(`${before.length} ${question.length}`).update(before + question + answer, 'utf16le').digest('base64url');
  return `${tenantId}:${digest.slice(0, DIGEST_LENGTH)}`;
}
