import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { ROOT } from './servers.js';

/** Runs a command of the app as an operator would. */
export async function runCommand(name: 'audit' | 'rotate-keys', env: Readonly<Record<string, string>>): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [resolve(ROOT, `dist/src/${name}.js`)], { env: { PATH: process.env['PATH'], ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  return { code, output };
}
