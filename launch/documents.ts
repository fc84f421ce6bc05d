import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { anyFreePort } from './ports.js';
import { environmentDocument } from './env-document.js';
import { ROOT, migrate, withServers } from './offline-app.js';
import { ERROR_CATALOGUE } from '../src/platform/errors/index.js';

/** `npm run docs` writes the generated documents, `npm run docs:check` compares them with what is committed. */
async function main(check: boolean): Promise<void> {
  const documents = [
    { file: 'docs/openapi.json', text: `${JSON.stringify(sorted(await openApi()), null, 2)}\n` },
    { file: 'docs/errors.md', text: errors() },
    { file: 'docs/env.md', text: environmentDocument() },
  ];
  const stale: string[] = [];
  for (const { file, text } of documents) {
    const path = join(ROOT, file);
    if (!check) await writeFile(path, text);
    else if ((await readFile(path, 'utf8').catch(() => '')) !== text) stale.push(file);
  }
  if (stale.length > 0) throw new Error(`${stale.join(', ')} is not what the code says: run "npm run docs" and commit it`);
  const names = documents.map(({ file }) => file).join(', ');
  console.log(check ? `${names} are up to date` : `wrote ${names}`);
}

/** The document as the running app serves it. */
async function openApi(): Promise<unknown> {
  return withServers(async (_servers, env) => {
    await migrate('up', env);
    const port = await anyFreePort();
    const app = spawn(process.execPath, [join(ROOT, 'dist/src/main.js')], { env: { ...env, PORT: String(port), ROLE: 'api' }, stdio: ['ignore', 'ignore', 'inherit'] });
    const ended = once(app, 'exit');
    try {
      return await ask(`http://127.0.0.1:${port}/docs/openapi.json`);
    } finally {
      app.kill('SIGTERM');
      await ended;
    }
  });
}

async function ask(url: string): Promise<unknown> {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer?.ok) return answer.json();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the app did not serve its document');
}

/** Keys in a fixed order, so that only a change of the API changes the file. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)]));
}

function errors(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(([code, each]) => `| \`${code}\` | ${each.status} | \`${each.type}\` | ${each.wxapp} | ${each.retryable ? 'yes' : 'no'} | ${each.text.zh} | ${each.text.en} |`);
  return ['# Errors', '', 'Generated from `src/platform/errors/catalogue.ts` by `npm run docs`. The list is closed: nothing else is ever answered.', '',
    'Before the first byte of an answer an error is an HTTP status with the body', '`{"error":{"code","message","type","param","request_id"}}`; after it, a frame of the stream\'s format.', '',
    '| code | HTTP | type | wxapp | retry helps | text (zh) | text (en) |', '| --- | --- | --- | --- | --- | --- | --- |', ...rows, ''].join('\n');
}

main(process.argv.includes('--check')).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : 'failed');
  process.exitCode = 1;
});
