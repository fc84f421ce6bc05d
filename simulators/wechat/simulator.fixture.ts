import { startWechatSimulator } from './wechat-simulator.js';
import type { AppServer } from './push/app-server.fixture.js';
import type { WechatSimulator } from './wechat-simulator.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the simulator answers
type Json = any;

/** A simulator of its own for a spec, with an app. */
export class Bench {
  private constructor(private readonly simulator: WechatSimulator, readonly appid: string) {}

  static async open(appid = 'wx1'): Promise<Bench> {
    const bench = new Bench(await startWechatSimulator(), appid);
    await bench.control('POST', 'apps', { appid, secret: 's' });
    return bench;
  }

  get url(): string {
    return this.simulator.url;
  }

  close(): Promise<void> {
    return this.simulator.close();
  }

  /** A control call; refusals come back as `{error}`. */
  async control(method: string, path: string, body?: unknown): Promise<Json> {
    const response = await fetch(`${this.url}/control/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return response.json();
  }

  /** The app's server gets what is pushed: in plain JSON, unless `more` says otherwise. */
  async pushTo({ url }: AppServer, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.control('PUT', 'push', { appid: this.appid, url, token: 'AAAAA', ...more });
  }

  async freshToken(appid = this.appid): Promise<string> {
    const response = await fetch(`${this.url}/cgi-bin/stable_token`, { method: 'POST', body: JSON.stringify({ grant_type: 'client_credential', appid, secret: 's' }) });
    return ((await response.json()) as { access_token: string }).access_token;
  }

  /** Somebody who is in the mini program now. */
  async user(name = 'lan', appid = this.appid): Promise<string> {
    const { code, openid } = (await this.control('POST', 'codes', { appid, user: name })) as { code: string; openid: string };
    await fetch(`${this.url}/sns/jscode2session?${new URLSearchParams({ appid, secret: 's', js_code: code, grant_type: 'authorization_code' }).toString()}`);
    return openid;
  }

  /** An API call with a good token, or with the one given. */
  async call(path: string, body: unknown, token?: string): Promise<Json> {
    const response = await fetch(`${this.url}${path}?access_token=${token ?? (await this.freshToken())}`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
    return response.json();
  }
}
