import { beforeAll, describe, expect, it } from 'vitest';
import { Lexicon } from '../text/lexicon.js';
import type { LexiconEntry } from '../text/lexicon-entry.js';
import { CurrentGate } from './current-gate.js';

const listed = (version: string, ...words: readonly (readonly [text: string, action: LexiconEntry['action']])[]): Promise<Lexicon> =>
  Lexicon.build(words.map(([text, action]) => ({ kind: 'word', text, category: 'test', severity: 'medium', action, pinyin: false })), { owner: 'tenant', version });
let none: Lexicon;
let block: Lexicon;
beforeAll(async () => {
  [none, block] = await Promise.all([listed('1', ['别的词', 'block']), listed('2', ['违禁词', 'block'])]);
});

function answer(first: Lexicon) {
  const lists = { now: [first] as readonly Lexicon[] | undefined };
  const gate = new CurrentGate([first], () => lists.now);
  return { gate, lists, list: (...lexicons: readonly Lexicon[]) => void (lists.now = lexicons) };
}

describe('CurrentGate', () => {
  it('ends an answer at a word that was listed while it was told', () => {
    const { gate, list } = answer(none);
    expect(gate.push('一个违禁词，').released).toBe('一个违禁词，');
    list(block);
    expect(gate.push('又一个违禁词')).toMatchObject({ released: '又一个', hits: [], violation: { entry: { text: '违禁词' }, from: 9, to: 12 } });
    expect([gate.version, gate.push('更多').released, gate.end().released]).toEqual(['2', '', '']);
  });

  it('ends it before the rest of such a word whose beginning was shown', () => {
    const { gate, list } = answer(none);
    expect(gate.push('一个违禁').released).toBe('一个违禁');
    list(block);
    expect(gate.push(' ').released).toBe('');
    expect(gate.push('词吗')).toMatchObject({ released: '', violation: { from: 4, to: 6 } });
  });

  it('goes on after what only began like one', () => {
    const { gate, list } = answer(none);
    expect(gate.push('一个违禁').released).toBe('一个违禁');
    list(block);
    expect([gate.push('品').released, gate.push('违禁').released, gate.end().released]).toEqual(['品', '', '违禁']);
  });

  it('lets go of what it held for a word that was taken off the list', () => {
    const { gate, list } = answer(block);
    expect(gate.push('一个违禁').released).toBe('一个');
    list(none);
    expect(gate.push('词吗').released).toBe('违禁词吗');
  });

  it('covers the rest of a word that is to be masked, and tells of each once', async () => {
    const [mask, more] = await Promise.all([listed('3', ['违禁词', 'mask'], ['违禁', 'label'], ['禁词品', 'block']), listed('4', ['违禁词', 'mask'], ['违禁', 'label'], ['禁词品', 'block'], ['无关', 'block'])]);
    const { gate, list } = answer(none);
    expect(gate.push('一个违').released).toBe('一个违');
    list(mask);
    const first = gate.push('禁词');
    expect([first.released, first.hits.map(({ entry }) => entry.text)]).toEqual(['', ['违禁词', '违禁']]);
    list(more);
    const second = gate.push('吗');
    expect([second.released, second.hits]).toEqual(['**吗', []]);
  });

  it('keeps its lists while newer ones are not ready', () => {
    const { gate, lists } = answer(block);
    lists.now = undefined;
    expect(gate.push('违禁词')).toMatchObject({ released: '', violation: { from: 0, to: 3 } });
    expect(gate.version).toBe('2');
  });
});
