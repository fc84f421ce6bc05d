import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { databaseEnv } from './embedded-env.js';
import { LaunchError } from './launch-error.js';

const COMMANDS = ['audit', 'rotate-keys'];

/** Runs a command of the app on the database that the environment names, or on the one that `npm start` runs. Its exit code is the command's. */
function main(name: string | undefined): void {
  if (name === undefined || !COMMANDS.includes(name)) throw new LaunchError(`没有这个命令：${name ?? ''}`, `The command must be one of ${COMMANDS.join(', ')}.`);
  const root = resolve(import.meta.dirname, '..', '..');
  const child = spawn(process.execPath, [join(root, 'dist', 'src', `${name}.js`)], { env: databaseEnv(process.env, root), stdio: 'inherit' });
  child.on('exit', (code) => (process.exitCode = code ?? 2));
}

try {
  main(process.argv[2]);
} catch (error) {
  if (!(error instanceof LaunchError)) throw error;
  console.error(`${error.zh}\n${error.message}`);
  process.exitCode = 2;
}
