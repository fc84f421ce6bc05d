import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startOpenAiSimulator } from './openai/openai-simulator.js';
import { startWechatPaySimulator } from './wechatpay/wechatpay-simulator.js';
import { startWechatSimulator } from './wechat/wechat-simulator.js';

/**
 * Starts the simulators in this process and prints `{"openai":url,"wechat":url,"wechatpay":url}` as
 * one line when they listen. Stops on SIGINT and SIGTERM, and when the parent goes away: its IPC channel where
 * there is one, else its pipe on stdin, so that no simulator outlives the start that made it.
 */
async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { host: text, 'openai-port': text, 'wechat-port': text, 'wechatpay-port': text, 'wechatpay-state': text, 'wechatpay-public-url': text, 'wechatpay-time-scale': text },
  });
  const host = values.host ?? '127.0.0.1';
  const openai = await startOpenAiSimulator({
    host,
    port: readPort(values['openai-port'] ?? process.env['OPENAI_SIMULATOR_PORT']),
    ...(process.env['OPENAI_SIMULATOR_KEY'] ? { apiKey: process.env['OPENAI_SIMULATOR_KEY'] } : {}),
  });
  const wechat = await startWechatSimulator({ host, port: readPort(values['wechat-port'] ?? process.env['WECHAT_SIMULATOR_PORT']) });

  const stateFile = values['wechatpay-state'] ?? process.env['WECHATPAY_SIMULATOR_STATE'];
  const publicUrl = values['wechatpay-public-url'] ?? process.env['WECHATPAY_SIMULATOR_PUBLIC_URL'];
  const wechatpay = await startWechatPaySimulator({
    host,
    port: readPort(values['wechatpay-port'] ?? process.env['WECHATPAY_SIMULATOR_PORT']),
    timeScale: readScale(values['wechatpay-time-scale'] ?? process.env['WECHATPAY_SIMULATOR_TIME_SCALE']),
    ...(stateFile ? { stateFile } : {}),
    ...(publicUrl ? { publicUrl } : {}),
  });

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    void Promise.all([openai.close(), wechat.close(), wechatpay.close()]).then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.send) process.on('disconnect', stop);
  else if (isPipe(0)) process.stdin.on('close', stop).on('error', stop).resume();

  console.error('模拟器已启动：它们只是模拟的 OpenAI、微信与微信支付接口，不是真正的服务，不会扣真钱。 (Simulators of OpenAI, WeChat and WeChat Pay: not the real services; no money moves.)');
  console.log(JSON.stringify({ openai: openai.url, wechat: wechat.url, wechatpay: wechatpay.url }));
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (!/^\d{1,5}$/u.test(text) || Number(text) > 65_535) throw new Error(`"${text}" is no port.`);
  return Number(text);
}

function readScale(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const scale = Number(text);
  if (!(scale >= 0.1 && scale <= 1_000_000)) throw new Error(`"${text}" is no time scale.`);
  return scale;
}

/** A terminal, a file or /dev/null on stdin says nothing about the parent; a pipe or socket does. */
function isPipe(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false;
  }
}

main().catch((error: unknown) => {
  console.error(`The simulators could not start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
});
