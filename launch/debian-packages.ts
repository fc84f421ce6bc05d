import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const PATIENCE_MS = 180_000;
const NAME = /^[a-z0-9][a-z0-9+.-]*$/;

/**
 * Downloads a Debian or Ubuntu package with what it needs and this machine
 * lacks, and unpacks all into `folder`. Nothing is installed and no root is
 * needed; apt checks the signatures as always. The system's package lists are
 * used as they are; when they are missing or outdated, a private copy is
 * fetched. Throws an Error whose message is one line.
 */
export async function unpackDebianPackages(name: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const work = join(folder, '.apt');
  const cache = join(work, 'cache');
  mkdirSync(join(cache, 'archives', 'partial'), { recursive: true });
  const common = [
    `-oDir::Cache=${cache}`, '-oAPT::Sandbox::User=', '-oDebug::NoLocking=1', '-oAcquire::Retries=2', '-oAcquire::http::Timeout=20', '-oAcquire::https::Timeout=20', '-qq',
  ];
  const lists = join(work, 'lists');
  try {
    try {
      await download(name, common, cache, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (['ENOENT', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw new Error('this machine has no apt-get', { cause: error });
      mkdirSync(join(lists, 'partial'), { recursive: true });
      const withLists = [...common, `-oDir::State::Lists=${lists}`];
      await run('apt-get', [...withLists, 'update'], work, signal);
      await download(name, withLists, cache, signal);
    }
    for (const file of readdirSync(cache).filter((entry) => entry.endsWith('.deb'))) await run('dpkg-deb', ['-x', join(cache, file), folder], work, signal);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The names of the packages in the output of a simulated installation. */
export function parseSimulation(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const name = /^Inst (\S+)/.exec(line)?.[1]?.split(':')[0];
    return name !== undefined && NAME.test(name) ? [name] : [];
  });
}

/**
 * A simulated installation names what is missing on this very machine. The
 * tools are always taken: the server may be a link to a program of theirs,
 * and the link has to end in the same folder.
 */
async function download(name: string, options: readonly string[], cache: string, signal: AbortSignal | undefined): Promise<void> {
  const simulated = await run('apt-get', [...options, 'install', '--simulate', '--no-install-recommends', name], cache, signal);
  const tools = name.replace(/-server$/, '-tools');
  const names = new Set([name, tools, ...parseSimulation(simulated)]);
  await run('apt-get', [...options, 'download', ...names], cache, signal);
}

async function run(command: string, args: readonly string[], cwd: string, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS, env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
      ...(signal ? { signal } : {}),
    });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-262_144);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-4096);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command}: ${complaint.trim().split('\n').at(-1) ?? `exit ${code}`}`));
    });
  });
}
