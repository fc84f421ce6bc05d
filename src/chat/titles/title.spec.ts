import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { titleOf } from './title.js';

describe('titleOf', () => {
  it('takes the first sentence of the question', () => {
    expect(titleOf('怎么做红烧肉？要不要焯水', '先焯水。')).toBe('怎么做红烧肉');
  });

  it('takes the answer where the question only greets', () => {
    expect(titleOf('你好！', '我是百聊助手。请问有什么可以帮您？')).toBe('我是百聊助手');
  });

  it('keeps the greeting where the answer must not be shown', () => {
    expect(titleOf('你好', '')).toBe('你好');
  });

  it.each([
    ['你好', '```js\nconst secret = 1;\n```\n这段代码声明了一个常量。', '这段代码声明了一个常量'],
    ['看代码：\n~~~\nrm -rf\n~~~\n这样安全吗？', '', '看代码： 这样安全吗'],
    ['你好', '```js const secret=1;', '你好'],
    ['你好', '> ```\n> secret\n> ```\n好了。', '好了'],
    ['```\nsecret', '', undefined],
    ['解释`const`的意思', '', '解释 const 的意思'],
  ])('is never made of code: %j, %j', (question, answer, title) => {
    expect(titleOf(question, answer)).toBe(title);
  });

  it('shortens without cutting a character in two', () => {
    expect(titleOf('👨‍👩‍👧‍👦'.repeat(40), '')).toBe(`${'👨‍👩‍👧‍👦'.repeat(24)}…`.slice(0, 119).toWellFormed());
  });

  it('always fits the column, whatever is said', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 600 }), fc.string({ maxLength: 600 }), (question, answer) => {
      fc.pre(question.isWellFormed());
      const title = titleOf(question, answer);
      expect(title === undefined || (title.length >= 1 && title.length <= 120 && title.isWellFormed())).toBe(true);
    }));
  });
});
