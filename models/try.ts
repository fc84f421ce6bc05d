import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Metrics, type Logger } from '../src/platform/telemetry/index.js';
import { EnginePackage } from '../src/upstream/local/engine/engine-package.locator.js';
import { LocalClient } from '../src/upstream/local/local.client.js';
import { LocalEngine } from '../src/upstream/local/local-engine.process.js';
import type { CallWatch } from '../src/upstream/stream/call-watch.js';
import { UpstreamFailure } from '../src/upstream/stream/failure.js';
import { memoryOf } from './terminal/process-memory.js';
import { runProgram, UsageError } from './terminal/program.js';

const USAGE = 'npm run model:try -- file.gguf "prompt" [--threads 1] [--context 4096] [--tokens 512] [--temperature 0.8]';

/** There are no books to keep. */
const NOBODY: CallWatch = { headers: () => undefined, usage: () => undefined, whole: () => undefined, broke: () => undefined };

/** `npm run model:try`: one answer of a model, served as a channel would serve it, with its speed and the memory of the engine's process. */
async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { threads: text, context: text, tokens: text, temperature: text } });
  const [path, prompt, ...rest] = positionals;
  if (path === undefined || prompt === undefined || rest.length > 0) throw new UsageError(USAGE);
  const contextTokens = number(values.context, 4_096);
  const threads = number(values.threads, Math.max(1, availableParallelism() - 1));
  const engine = new LocalEngine(path, { sequences: 1, queue: 0, queueMs: 1_000, contextTokens, threads, loadMs: 600_000 }, new EnginePackage(), quietLogger(), new Metrics());
  const client = new LocalClient(engine, { firstTokenMs: 600_000, betweenTokensMs: 60_000 });
  try {
    const request = { model: 'local', messages: [{ role: 'user' as const, content: prompt }], maxTokens: number(values.tokens, 512), sampling: { temperature: number(values.temperature, 0.8) } };
    let firstAt = 0;
    let pieces = 0;
    for await (const { contents, usage, finishReason } of await client.open(request, new AbortController().signal, NOBODY)) {
      if (firstAt === 0) firstAt = performance.now();
      pieces += contents.length;
      process.stdout.write(contents.join(''));
      if (usage === undefined) continue;
      const perSecond = pieces < 2 ? 0 : (pieces - 1) / ((performance.now() - firstAt) / 1000);
      console.log(`\n\n${usage.promptTokens} + ${usage.completionTokens} tokens, ended by "${finishReason ?? ''}"; ${perSecond.toFixed(1)} tokens/s after the first, ${threads} thread(s); the engine's process takes ${await memoryOf(engine.state.pid)}`);
    }
  } finally {
    await engine.close();
  }
}

function number(given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  if (!/^\d+(\.\d+)?$/.test(given)) throw new UsageError(USAGE);
  return parseFloat(given);
}

/** What goes wrong is in the failure that ends the program. */
function quietLogger(): Logger {
  return { info: () => undefined, warn: () => undefined } as unknown as Logger;
}

await runProgram(
  async () =>
    main().catch((error: unknown) => {
      // The reason that a channel keeps from its users is what the owner of the file needs.
      throw error instanceof UpstreamFailure && error.cause instanceof Error ? error.cause : error;
    }),
  () => true,
);
