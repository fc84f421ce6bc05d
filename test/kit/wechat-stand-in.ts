import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as it came. */
export interface StandInCall {
  readonly path: string;
  readonly token: string | null;
  readonly raw: Buffer;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the caller sent
  readonly body: any;
}

export type StandInAnswer = (call: StandInCall, response: ServerResponse, request: IncomingMessage) => unknown;

/** A tiny WeChat host for specs: whatever `answer` returns goes out as JSON; undefined: it has answered, or never will. */
export class WechatStandIn {
  readonly calls: StandInCall[] = [];

  private constructor(private readonly server: Server, public answer: StandInAnswer) {}

  static async start(answer: StandInAnswer): Promise<WechatStandIn> {
    const server = createServer((request, response) => void stand.handle(request, response));
    const stand = new WechatStandIn(server, answer);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return stand;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  to(path: string): readonly StandInCall[] {
    return this.calls.filter((call) => call.path === path);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    if (this.server.listening) await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const raw = Buffer.concat(parts);
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const call = { path: url.pathname, token: url.searchParams.get('access_token'), raw, body: raw.length === 0 ? undefined : JSON.parse(raw.toString()) };
    this.calls.push(call);
    const answer: unknown = await this.answer(call, response, request);
    if (answer !== undefined && !response.writableEnded) response.end(JSON.stringify(answer));
  }
}
