import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { ROOT } from './servers.js';

/** Longer than any command takes; what still runs then is ended. */
const PATIENCE_MS = 25_000;

/** Runs a command of the app, or a start that must fail, as an operator would. */
export async function runCommand(name: 'audit' | 'rotate-keys' | 'main', env: Readonly<Record<string, string>>): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [resolve(ROOT, `dist/src/${name}.js`)], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, output };
}
