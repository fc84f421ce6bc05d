import { type Socket, connect } from 'node:net';
import type { AnswerReader } from './readers.js';

/** Longest unread rest: a head, or a chunk that has not come whole. */
const REST_LIMIT = 1 << 20;

type State = 'idle' | 'head' | 'size' | 'chunk' | 'trailer' | 'length';

/**
 * One keep-alive HTTP/1.1 connection that sends requests one after another.
 * Written on plain sockets because the load generator shares the machine with
 * what it measures: it must cost much less than the thinnest target.
 */
export class HttpConnection {
  private socket: Socket | undefined;
  private state: State = 'idle';
  private rest = '';
  private left = 0;
  private status = 0;
  private reader: AnswerReader | undefined;
  private onEnd: ((fault: string | undefined) => void) | undefined;

  constructor(private readonly host: string, private readonly port: number, private readonly onBytes: () => void) {}

  /** Connects unless it is connected. Calls back with a fault, or none. */
  open(done: (fault: string | undefined) => void): void {
    if (this.socket !== undefined) {
      done(undefined);
      return;
    }
    const socket = connect({ host: this.host, port: this.port, noDelay: true });
    this.socket = socket;
    let opened = false;
    socket.once('connect', () => {
      opened = true;
      done(undefined);
    });
    socket.on('data', (bytes) => this.read(bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (this.socket === socket) this.socket = undefined;
      if (!opened) done('connect');
      else if (this.state !== 'idle') this.end('connection closed');
    });
  }

  /** Sends a request on the open connection; `reader` gets the body, `onEnd` the fault, if there is one. */
  ask(request: string, reader: AnswerReader, onEnd: (fault: string | undefined) => void): void {
    this.reader = reader;
    this.onEnd = onEnd;
    this.rest = '';
    this.state = 'head';
    this.socket?.write(request);
  }

  /** Breaks off what is under way. */
  fail(fault: string): void {
    if (this.state !== 'idle') this.end(fault);
    this.close();
  }

  close(): void {
    const socket = this.socket;
    this.socket = undefined;
    this.state = 'idle';
    socket?.destroy();
  }

  private end(fault: string | undefined): void {
    this.state = 'idle';
    const onEnd = this.onEnd;
    this.onEnd = undefined;
    if (fault !== undefined) this.close();
    onEnd?.(fault);
  }

  private read(text: string): void {
    if (this.state === 'idle') {
      this.close();
      return;
    }
    const all = this.rest === '' ? text : this.rest + text;
    let at = 0;
    for (;;) {
      const next = this.step(all, at);
      if (next < 0) break;
      at = next;
      if ((this.state as State) === 'idle') {
        if (this.onEnd === undefined) return;
        this.end(this.status === 200 ? undefined : `status ${this.status}`);
        return;
      }
    }
    this.rest = all.slice(at);
    if (this.rest.length > REST_LIMIT) this.fail('endless head or chunk');
    else this.onBytes();
  }

  /** Consumes one part from `at` on; gives where the next begins, or -1 when more bytes are needed. */
  private step(all: string, at: number): number {
    switch (this.state) {
      case 'head':
        return this.head(all, at);
      case 'size': {
        const to = all.indexOf('\r\n', at);
        if (to < 0) return -1;
        this.left = Number.parseInt(all.slice(at, to), 16);
        if (!(this.left >= 0)) this.left = REST_LIMIT * 2;
        this.state = this.left === 0 ? 'trailer' : 'chunk';
        return to + 2;
      }
      case 'chunk': {
        const to = at + this.left;
        if (all.length < to + 2) return -1;
        this.reader?.push(all.slice(at, to));
        this.onBytes();
        this.state = 'size';
        return to + 2;
      }
      case 'trailer':
        if (all.length < at + 2) return -1;
        this.state = 'idle';
        return at + 2;
      case 'length': {
        if (all.length === at && this.left > 0) return -1;
        const part = all.slice(at, at + this.left);
        this.reader?.push(part);
        this.left -= part.length;
        if (this.left === 0) this.state = 'idle';
        return at + part.length;
      }
      case 'idle':
        return -1;
    }
  }

  private head(all: string, at: number): number {
    const to = all.indexOf('\r\n\r\n', at);
    if (to < 0) return -1;
    const head = all.slice(at, to).toLowerCase();
    this.status = Number.parseInt(head.slice(9, 12), 10);
    if (head.includes('\r\ntransfer-encoding: chunked')) this.state = 'size';
    else {
      this.left = Number.parseInt(/\r\ncontent-length: *(\d{1,9})/.exec(head)?.[1] ?? '0', 10);
      this.state = this.left === 0 ? 'idle' : 'length';
    }
    return to + 4;
  }
}
