import { stat } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { SENTENCE, TINY, writeTinyModel } from './tiny/tiny-model.js';
import { runProgram, UsageError } from './terminal/program.js';

const USAGE = 'npm run model:tiny -- out.gguf [--layers 2] [--width 64] [--vocabulary 348] [--sentence "No word twice ."]';

/** `npm run model:tiny`: a model of a quarter megabyte that recites one sentence, for tests and for a first try. */
async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { layers: text, width: text, vocabulary: text, sentence: text } });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new UsageError(USAGE);
  const width = count(values.width, TINY.width);
  if (width % 32 !== 0) throw new UsageError(`${USAGE}\nthe width must be a multiple of 32`);
  await writeTinyModel(path, { ...TINY, layers: count(values.layers, TINY.layers), width, feedForward: 2 * width, vocabulary: count(values.vocabulary, 0) }, values.sentence ?? SENTENCE);
  console.log(`${path}: ${(await stat(path)).size} bytes`);
}

function count(given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^[1-9]\d{0,5}$/.test(given)) throw new UsageError(USAGE);
  return parseInt(given, 10);
}

await runProgram(main, (error) => error instanceof Error && error.message.startsWith('no word'));
