import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DomainError } from '../../platform/errors/index.js';
import { TOKENS_PER_MESSAGE, TOKENS_PRIMING, fitWindow, withTurns, type Turn } from './window.js';

const turn = (name: string, tokens: number): Turn => ({ question: `q${name}`, questionTokens: tokens, answer: `a${name}`, answerTokens: tokens });

describe('fitWindow', () => {
  it('keeps everything that fits, in order', () => {
    const window = fitWindow({ systemPrompt: { text: 's', tokens: 1 }, turns: [turn('1', 5), turn('2', 5)], question: { text: 'q', tokens: 5 }, contextWindow: 1000, answerRoom: 100 });
    expect(window.messages.map((message) => message.content)).toEqual(['s', 'q1', 'a1', 'q2', 'a2', 'q']);
    expect(window.tokens).toBe(TOKENS_PRIMING + 1 + 20 + 5 + 6 * TOKENS_PER_MESSAGE);
    expect(window.droppedTurns).toBe(0);
  });

  it('drops the oldest turns first, as pairs', () => {
    const window = fitWindow({ systemPrompt: undefined, turns: [turn('1', 1), turn('2', 40), turn('3', 5)], question: { text: 'q', tokens: 5 }, contextWindow: 160, answerRoom: 100 });
    expect(window.messages.map((message) => message.content)).toEqual(['q3', 'a3', 'q']);
    expect(window.droppedTurns).toBe(2);
  });

  it('refuses a question that can never fit, with the numbers', () => {
    const attempt = (): unknown => fitWindow({ systemPrompt: { text: 's', tokens: 10 }, turns: [], question: { text: 'q', tokens: 500 }, contextWindow: 400, answerRoom: 100 });
    expect(attempt).toThrow(DomainError);
    expect(attempt).toThrow(/500 tokens; at most 281 fit/);
  });

  it('never exceeds the window, and drops nothing that fits', () => {
    const turns = fc.array(fc.record({ question: fc.string(), questionTokens: fc.nat(60), answer: fc.string(), answerTokens: fc.nat(60) }), { maxLength: 30 });
    fc.assert(fc.property(turns, fc.nat(50), fc.integer({ min: 60, max: 5_000 }), (history, questionTokens, room) => {
      const window = fitWindow({ systemPrompt: undefined, turns: history, question: { text: 'q', tokens: questionTokens }, contextWindow: room + 50, answerRoom: 50 });
      expect(window.tokens).toBeLessThanOrEqual(room);
      expect(window.messages.length).toBe(2 * (history.length - window.droppedTurns) + 1);
      const shown = history.slice(window.droppedTurns).reduce((sum, each) => sum + each.questionTokens + each.answerTokens + 2 * TOKENS_PER_MESSAGE, 0);
      expect(window.tokens).toBe(TOKENS_PRIMING + questionTokens + TOKENS_PER_MESSAGE + shown);
      const all = history.reduce((sum, each) => sum + each.questionTokens + each.answerTokens + 2 * TOKENS_PER_MESSAGE, 0);
      const widest = Math.max(questionTokens, ...history.map((each) => each.questionTokens));
      if (all + widest + TOKENS_PRIMING + TOKENS_PER_MESSAGE <= room) expect(window.droppedTurns).toBe(0);
    }));
  });

  it('begins with the same messages for most questions of a conversation, and never takes a turn back', () => {
    const sizes = fc.array(fc.record({ questionTokens: fc.integer({ min: 1, max: 15 }), answerTokens: fc.integer({ min: 1, max: 25 }) }), { minLength: 60, maxLength: 120 });
    fc.assert(fc.property(sizes, (all) => {
      const turns = all.map((each, at): Turn => ({ ...each, question: `q${at}`, answer: `a${at}` }));
      let changes = 0;
      let before: readonly { readonly content: string }[] = [];
      for (const [at, next] of turns.entries()) {
        const window = fitWindow({ systemPrompt: { text: 's', tokens: 5 }, turns: turns.slice(0, at), question: { text: next.question, tokens: next.questionTokens }, contextWindow: 1_100, answerRoom: 100 });
        expect(window.tokens).toBeLessThanOrEqual(1_000);
        expect(window.messages[0]?.content).toBe('s');
        const contents = window.messages.map((message) => message.content);
        if (before.some((message, index) => message.content !== contents[index])) changes += 1;
        before = window.messages;
      }
      // A step frees a quarter of 1,000 tokens, and a turn takes at most 46.
      expect(changes).toBeLessThanOrEqual(Math.ceil(turns.length / 5));
    }), { numRuns: 30 });
  });
});

describe('withTurns', () => {
  const turns = [turn('1', 5), turn('2', 7), turn('3', 9)];
  const fit = (kept: readonly Turn[], systemPrompt?: { readonly text: string; readonly tokens: number }) => fitWindow({ systemPrompt, turns: kept, question: { text: 'q', tokens: 5 }, contextWindow: 1000, answerRoom: 100 });

  it('is the very window where nothing changes', () => {
    const window = fit(turns);
    expect(withTurns(window, turns, [...turns])).toBe(window);
  });

  it.each([undefined, { text: 's', tokens: 3 }])('is the window without the turns that are left out, system prompt %j', (systemPrompt) => {
    const [first, , third] = turns;
    expect(withTurns(fit(turns, systemPrompt), turns, [first, undefined, third])).toEqual(fit(turns.filter((each) => each !== turns[1]), systemPrompt));
    expect(withTurns(fit(turns, systemPrompt), turns, [undefined, undefined, undefined])).toEqual(fit([], systemPrompt));
  });

  it('shows a turn with its words covered', () => {
    const covered = { ...turn('2', 7), answer: '***' };
    expect(withTurns(fit(turns), turns, [turns[0], covered, turns[2]]).messages.map(({ content }) => content)).toEqual(['q1', 'a1', 'q2', '***', 'q3', 'a3', 'q']);
  });
});
