import { describe, expect, it } from 'vitest';
import { readerOf } from './readers.js';

const CHUNK = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n';
const HEAD = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n';

describe('readers', () => {
  it('counts the frames with words of an OpenAI stream, wherever it is cut', () => {
    const text = `${HEAD}${CHUNK}: note\n\n${CHUNK}data: [DONE]\n\n`;
    for (let cut = 0; cut <= text.length; cut += 1) {
      const reader = readerOf('openai');
      reader.push(text.slice(0, cut));
      reader.push(text.slice(cut));
      expect(reader.frames).toBe(2);
      expect(reader.verdict(2)).toBeUndefined();
    }
  });

  it.each([
    ['no end mark', CHUNK],
    ['wrong number of frames', `${CHUNK}${CHUNK}data: [DONE]\n\n`],
    ['error frame', `${CHUNK}data: {"error":{"code":"x"}}\n\ndata: [DONE]\n\n`],
    ['frames after the end', `data: [DONE]\n\n${CHUNK}`],
  ])('finds the fault: %s', (fault, text) => {
    const reader = readerOf('openai');
    reader.push(text);
    expect(reader.verdict(1)).toBe(fault);
  });

  it('reads wxapp lines', () => {
    const reader = readerOf('wxapp');
    reader.push('success: {"content":"","seq":1}\r\nsuccess: {"content":"\\u4f60","seq":2}\r\n0\r\n\r\n');
    expect(reader.verdict(1)).toBeUndefined();
    const failed = readerOf('wxapp');
    failed.push('success: {"content":"a"}\r\nevent: error\ndata: {"code":500}\r\n');
    expect(failed.verdict(1)).toBe('error frame');
  });

  it('reads a completion', () => {
    const reader = readerOf('completion');
    reader.push('{"choices":[{"message":{"content":"hi"}}],');
    reader.push('"usage":{"completion_tokens":8}}');
    expect(reader.verdict(8)).toBeUndefined();
    expect(reader.verdict(9)).toBe('wrong number of tokens');
  });
});
