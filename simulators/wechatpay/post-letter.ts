import { request as requestHttp, Agent as HttpAgent } from 'node:http';
import { request as requestHttps, Agent as HttpsAgent } from 'node:https';
import type { Letter } from './notice.js';

/** WeChat Pay waits this long for an answer. */
export const ANSWER_LIMIT_MS = 5_000;
const SOCKETS = 64;

/** What came back: the HTTP status, 0 for no answer in time or no connection. */
export interface Delivery {
  readonly status: number;
  readonly ms: number;
}

/** Posts letters over kept connections. */
export class Postman {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: SOCKETS });
  readonly #https = new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS });
  readonly #limitMs: number;

  constructor(limitMs = ANSWER_LIMIT_MS) {
    this.#limitMs = limitMs;
  }

  /** Sends a letter and waits for its whole answer, five seconds at most. Never rejects; redirects are not followed. */
  post(url: string, letter: Letter): Promise<Delivery> {
    const started = performance.now();
    return new Promise<Delivery>((resolve) => {
      const end = (status: number): void => {
        clearTimeout(timer);
        resolve({ status, ms: Math.round(performance.now() - started) });
      };
      const isTls = url.startsWith('https:');
      const request = (isTls ? requestHttps : requestHttp)(url, {
        method: 'POST',
        agent: isTls ? this.#https : this.#http,
        headers: { ...letter.headers, 'content-length': Buffer.byteLength(letter.body) },
      });
      const timer = setTimeout(() => request.destroy(new Error('No answer in time.')), this.#limitMs);
      request.on('error', () => end(0));
      request.on('response', (response) => {
        response.on('end', () => end(response.statusCode ?? 0));
        response.on('error', () => end(0));
        response.on('close', () => end(0));
        response.resume();
      });
      request.end(letter.body);
    }).catch(() => ({ status: 0, ms: 0 }));
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
