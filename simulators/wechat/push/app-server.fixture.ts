import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as an app's server got it. */
export interface Got {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly contentType: string | undefined;
}

/** An app's server that answers as a spec says and keeps what it got. */
export class AppServer {
  readonly got: Got[] = [];
  /** What the next requests are answered; `undefined` = never. */
  answer: (got: Got, response: ServerResponse) => string | undefined = () => 'success';

  private constructor(private readonly server: Server) {}

  static async open(): Promise<AppServer> {
    const server = createServer();
    const app = new AppServer(server);
    server.on('request', (request, response) => {
      void text(request).then((body) => {
        const got = { method: request.method ?? '', query: new URL(request.url ?? '/', 'http://x').searchParams, body, contentType: request.headers['content-type'] };
        app.got.push(got);
        const answer = app.answer(got, response);
        if (answer !== undefined && !response.writableEnded) response.end(answer);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return app;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/webhooks/wechat/t?a=b`;
  }

  get last(): Got {
    const last = this.got.at(-1);
    if (!last) throw new Error('nothing came');
    return last;
  }

  /** The JSON bodies of all that came, oldest first; throws where one is none. */
  get bodies(): readonly Readonly<Record<string, unknown>>[] {
    return this.got.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
