import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodeFences } from './code-fences.js';

const NOTE = '[code]';

function shown(chunks: readonly string[]): string {
  const fences = new CodeFences(NOTE);
  return chunks.map((chunk) => fences.push(chunk)).join('') + fences.end();
}

/** The same by lines of a whole text, for fences that stand at the margin. */
function byLines(text: string): string {
  const kept: string[] = [];
  let open: string | undefined;
  for (const [, line = '', end = ''] of text.matchAll(/([^\r\n]*)(\r\n|\r|\n|$)/gu)) {
    const opener = /^ {0,3}(`{3,}|~{3,})(.*)$/u.exec(line);
    if (open === undefined) {
      if (opener === null || (opener[1]?.startsWith('`') === true && opener[2]?.includes('`') === true)) kept.push(line + end);
      else {
        open = opener[1];
        kept.push(NOTE);
      }
    } else if (opener !== null && opener[2]?.trim() === '' && opener[1]?.startsWith(open) === true) {
      open = undefined;
      kept.push(end);
    }
  }
  return kept.join('');
}

describe('CodeFences', () => {
  it.each([
    ['a block', 'see:\n```js\nrun()\n```\ndone', 'see:\n[code]\ndone'],
    ['tildes', '~~~\n```\n~~~\nb', '[code]\nb'],
    ['a longer fence', '````\n```\n````\nb', '[code]\nb'],
    ['a closing fence that is longer', '```\nx\n`````\nb', '[code]\nb'],
    ['a fence with words behind it closes nothing', '```\nx\n``` js\ny', '[code]'],
    ['a block that ends with the text', 'a\n```\nrun()', 'a\n[code]'],
    ['line ends of Windows', 'a\r\n```\r\nx\r\n```\r\nb', 'a\r\n[code]\r\nb'],
    ['code in a line', 'use ```x``` here\n```y```\n', 'use ```x``` here\n```y```\n'],
    ['a closing fence that is indented too far', '```\nx\n    ```\ny\n```\nb', '[code]\nb'],
    ['a list', '1. do\n   ```sh\n   rm\n   ```\n- ```\n  x\n  ```\nend', '1. do\n[code]\n[code]\nend'],
    ['a quote', '> ```\n> x\n> ```\nend', '[code]\nend'],
    ['a block deep in a list', '- a\n  - b\n    ```\n    x\n    ```\nend', '- a\n  - b\n[code]\nend'],
    ['emphasis and rules', '**a**\n---\n~~b~~\n`c`', '**a**\n---\n~~b~~\n`c`'],
  ])('%s', (_, text, expected) => {
    expect(shown([text])).toBe(expected);
    expect(shown([...text])).toBe(expected);
  });

  it('does what reading by lines does, whatever the cuts', () => {
    const piece = fc.constantFrom('```', '`', '~~~', '~', '````', '\n', '\r\n', '\r', ' ', '   ', 'js', 'x', '😀', '\ud83d');
    fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 40 }), (pieces, cuts) => {
      const text = pieces.join('').replace(/^ {4,}/gmu, '');
      const chunks = cuts.map((cut, at) => text.slice(cuts.slice(0, at).reduce((sum, each) => sum + each, 0)).slice(0, cut));
      expect(shown([...chunks, text.slice(chunks.join('').length)])).toBe(byLines(text));
    }), { numRuns: 3_000 });
  });

  it('holds no more of a line than it looks at', () => {
    const fences = new CodeFences(NOTE);
    expect(fences.push(`\`\`\`${'x'.repeat(300)}`)).toBe(NOTE);
    const other = new CodeFences(NOTE);
    expect(other.push(' '.repeat(300))).toBe(' '.repeat(300));
  });
});
