// Every test: those that need no server beside those that do, and one report of all at the end. With arguments: the runner with those.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const VITEST = resolve(import.meta.dirname, '../node_modules/vitest/vitest.mjs');

/** Starts the runner. @returns the process, and its exit code when it ends. */
function vitest(args, output = 'inherit') {
  const child = spawn(process.execPath, [VITEST, 'run', ...args], { stdio: ['ignore', output, 'inherit'] });
  return { child, code: once(child, 'exit').then(([code]) => code ?? 1) };
}

/** Servers' tests watch the clock: what only computes gives way to them. It may be over already. */
function giveWay({ pid }) {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Then it is in nobody's way.
  }
}

async function everything(reports) {
  const blob = (name) => ['--reporter=blob', `--outputFile.blob=${join(reports, `${name}.json`)}`];
  const plain = vitest(['--project', 'unit', '--project', 'local', ...blob('plain')], 'ignore');
  giveWay(plain.child);
  const served = vitest(['--project', 'e2e', '--reporter=default', ...blob('served')]);
  const codes = await Promise.all([plain.code, served.code]);
  return [...codes, await vitest([`--merge-reports=${reports}`, '--reporter=default']).code];
}

async function all() {
  const reports = mkdtempSync(join(tmpdir(), 'bailiao-tests-'));
  try {
    return await everything(reports);
  } finally {
    rmSync(reports, { recursive: true });
  }
}

const args = process.argv.slice(2);
const codes = args.length > 0 ? [await vitest(args).code] : await all();
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
