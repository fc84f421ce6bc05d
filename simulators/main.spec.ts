import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ChildProcess, StdioOptions } from 'node:child_process';

/** Node runs the sources as they are; their imports end in `.js`. */
const RUN_SOURCES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, context, next) => next(name.startsWith('.') ? name.replace(/\\.js$/, '.ts') : name, context) });
`)}`;

interface Urls {
  openai: string;
  wechat: string;
  wechatpay: string;
}

async function start(stdio: StdioOptions): Promise<{ child: ChildProcess; urls: Urls }> {
  const child = spawn(process.execPath, ['--import', RUN_SOURCES, new URL('main.ts', import.meta.url).pathname, '--openai-port', '0'], { stdio });
  const line = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string];
  return { child, urls: JSON.parse(line[0]) as Urls };
}

describe('the simulators as a process', () => {
  it('tells its addresses in one line, answers there, and ends on SIGTERM', async () => {
    const { child, urls } = await start(['ignore', 'pipe', 'ignore']);
    expect((await fetch(`${urls.openai}/models`)).headers.get('x-simulator')).toBe('bailiao-openai-simulator');
    expect((await fetch(`${urls.wechat}/control/apps`)).headers.get('x-simulator')).toBe('bailiao-wechat-simulator');
    expect((await fetch(`${urls.wechatpay}/control/counters`)).headers.get('x-simulator')).toBe('bailiao-wechatpay-simulator');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });

  it('ends with the pipe on its stdin', async () => {
    const { child } = await start(['pipe', 'pipe', 'ignore']);
    const ended = once(child, 'exit');
    child.stdin?.end();
    expect(await ended).toEqual([0, null]);
  });

  it('ends with the IPC channel of its parent', async () => {
    const { child } = await start(['ignore', 'pipe', 'ignore', 'ipc']);
    const ended = once(child, 'exit');
    child.disconnect();
    expect(await ended).toEqual([0, null]);
  });
});
