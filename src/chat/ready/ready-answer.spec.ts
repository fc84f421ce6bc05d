import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReadyAnswers, plainQuestion, type ReadyAnswer } from './ready-answer.js';

const at = new Date(0);
const ready = (id: string, question: string, model?: string): ReadyAnswer => ({ id, question, answer: id, model, enabled: true, createdAt: at, updatedAt: at });

describe('plainQuestion', () => {
  it.each([
    ['你好？', '你好'], ['你好?！', '你好'], ['你好。', '你好'], ['  How  do I\tpay ? ', 'how do i pay'], ['ＨＯＷ　DO I PAY！！', 'how do i pay'], ['straße.', 'strasse'], ['？。.!', ''],
  ])('of %j is %j', (question, plain) => {
    expect(plainQuestion(question)).toBe(plain);
  });

  it('keeps what may mean something', () => {
    expect(new Set(['3.5', '35', 'c', 'c++', 'c#', '你好', '您好', 'a b', 'ab'].map(plainQuestion)).size).toBe(9);
  });

  it('is plain itself', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (question) => {
      expect(plainQuestion(plainQuestion(question))).toBe(plainQuestion(question));
    }), { numRuns: 2_000 });
  });
});

describe('ReadyAnswers', () => {
  it('gives the answer for the model before the one for any, and none to another question', () => {
    const answers = new ReadyAnswers([ready('any', '怎么充值？'), ready('own', '怎么充值', 'm')]);
    expect([answers.find('怎么充值', 'm')?.id, answers.find('怎么充值?', 'n')?.id, answers.find('怎么退款', 'm')]).toEqual(['own', 'any', undefined]);
    expect([answers.none, new ReadyAnswers([]).none, new ReadyAnswers([ready('own', 'q', 'm')]).find('q', 'n')]).toEqual([false, true, undefined]);
  });
});
