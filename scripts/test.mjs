// Every test: those that need no server beside those that do, and one report of all at the end.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const VITEST = resolve(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
const reports = mkdtempSync(join(tmpdir(), 'bailiao-tests-'));

/** Starts the runner. @returns the process, and its exit code when it ends. */
function vitest(args, stdio = 'inherit') {
  const child = spawn(process.execPath, [VITEST, 'run', ...args], { stdio });
  return { child, code: once(child, 'exit').then(([code]) => code ?? 1) };
}

const blob = (name) => ['--reporter=blob', `--outputFile.blob=${join(reports, `${name}.json`)}`];
const plain = vitest(['--project', 'unit', '--project', 'local', ...blob('plain')], 'ignore');
// Servers' tests watch the clock: what only computes gives way to them.
setPriority(plain.child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
const served = vitest(['--project', 'e2e', '--reporter=default', ...blob('served'), ...process.argv.slice(2)]);
const codes = await Promise.all([plain.code, served.code]);
const report = vitest([`--merge-reports=${reports}`, '--reporter=default']);
codes.push(await report.code);
rmSync(reports, { recursive: true });
process.exitCode = codes.every((code) => code === 0) ? 0 : 1;
