import { expect, it } from 'vitest';
import { ProgressDisplay } from './progress.js';

it('writes a line at every tenth where there is no terminal', () => {
  const lines: string[] = [];
  const display = new ProgressDisplay({ write: (text: string) => lines.push(text) });
  for (const share of [0.01, 0.12, 0.13, 0.55, 1]) display.show(share, 'a tensor');
  expect(lines).toEqual([' 12% a tensor\n', ' 55% a tensor\n', '100% a tensor\n']);
});

it('draws a bar on a terminal and ends its line when all is done', () => {
  const drawn: string[] = [];
  const display = new ProgressDisplay({ isTTY: true, write: (text: string) => drawn.push(text) });
  for (const share of [0.5, 0.51, 1]) display.show(share, 'a tensor');
  expect(drawn).toHaveLength(2);
  expect(drawn[0]).toBe(`\r\x1b[K${'█'.repeat(15)}${'░'.repeat(15)}  50% a tensor`);
  expect(drawn[1]).toMatch(/100% \n$/);
});
