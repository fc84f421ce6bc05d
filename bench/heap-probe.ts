import { renameSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Loaded into a measured process before its own code (`--import`): on SIGUSR2
 * it collects garbage and writes what is left to the file BENCH_HEAP_FILE. It
 * costs nothing until then.
 */
process.on('SIGUSR2', () => {
  const file = process.env['BENCH_HEAP_FILE'];
  if (file === undefined) return;
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  writeFileSync(`${file}.part`, JSON.stringify({ heapUsed, heapTotal, external, arrayBuffers }));
  renameSync(`${file}.part`, file);
});
