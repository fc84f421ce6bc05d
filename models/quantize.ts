import { parseArgs } from 'node:util';
import { GgufError } from '../src/upstream/local/gguf/gguf-error.js';
import { quantiseFile } from './quantise/quantise.js';
import { ProgressDisplay } from './terminal/progress.js';
import { runProgram, UsageError } from './terminal/program.js';

const USAGE = 'npm run model:quantize -- in.gguf out.gguf [--keep output.weight,token_embd.weight]';

/** `npm run model:quantize`: a model's f16 weights into q4_0. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { keep: { type: 'string', multiple: true } } });
  const [input, output, ...rest] = positionals;
  if (input === undefined || output === undefined || rest.length > 0) throw new UsageError(USAGE);
  const keep = new Set((values.keep ?? []).flatMap((each) => each.split(',')).filter((each) => each !== ''));
  const display = new ProgressDisplay(process.stderr);
  const started = performance.now();
  const { bytesBefore, bytesAfter, quantised, kept } = await quantiseFile(input, output, keep, ({ doneBytes, totalBytes, tensor }) => display.show(doneBytes / totalBytes, tensor));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${output}: ${quantised} tensors as q4_0, ${kept} kept; ${bytesBefore} → ${bytesAfter} bytes (${(bytesAfter / bytesBefore).toFixed(3)}), ${seconds} s`);
}

await runProgram(main, (error) => error instanceof GgufError);
