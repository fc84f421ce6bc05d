import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, encodeEntry } from '../stream/log-entry.js';
import { DELTA_LIMIT, type RunEvent } from '../stream/run-event.js';
import { ANSWER_LIMIT, Answer, AnswerTooLong } from './answer.js';

describe('Answer', () => {
  it('numbers its events without a gap, loses nothing, and cuts no pair in two', () => {
    fc.assert(fc.property(fc.array(fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 1_600 }).map((text) => text.toWellFormed()), { maxLength: 4 }), { maxLength: 8 }), (batches) => {
      const answer = new Answer(1);
      const events: RunEvent[] = [...answer.started()];
      answer.logged();
      batches.forEach((contents, at) => {
        events.push(...answer.say(contents, at * 40));
        answer.logged();
      });
      expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
      const words = events.map((event) => (event.type === 'delta' ? event.content : ''));
      expect(words.join('')).toBe(batches.flat().join(''));
      expect(answer.content).toBe(batches.flat().join(''));
      for (const word of words) expect(word.length <= DELTA_LIMIT && word.isWellFormed()).toBe(true);
      expect(decodeEntry(encodeEntry(events))).toEqual(events);
    }));
  });

  it('does not count words that the log has not taken', () => {
    const answer = new Answer(1);
    answer.say(['一'], 0);
    answer.logged();
    answer.say(['二'], 10);
    expect(answer.content).toBe('一');
    expect(answer.seq).toBe(2);
  });

  it('ends an answer that has no bound', () => {
    const answer = new Answer(1);
    answer.say(['x'.repeat(ANSWER_LIMIT)], 0);
    answer.logged();
    expect(() => answer.say(['y'], 1)).toThrow(AnswerTooLong);
    expect(answer.content).toHaveLength(ANSWER_LIMIT);
  });
});
