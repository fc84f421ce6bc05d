import { fork, type ChildProcess } from 'node:child_process';
import { AnswerChannel } from './answer-channel.js';
import type { FromEngine, GenerateCommand, LoadCommand, ToEngine } from './messages.js';

/** Bytes of the child's last words that are kept: llama.cpp says which assertion failed. */
const LAST_WORDS_BYTES = 2_048;
const EXIT_PATIENCE_MS = 2_000;

/** How a child ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: string;
}

/** The engine could not load the model, and said so. */
export class LoadRefused extends Error {
  override readonly name = 'LoadRefused';

  constructor(readonly reason: 'absent' | 'model' | 'timeout', message: string) {
    super(message);
  }
}

/**
 * One life of the engine's process. It gets no environment: what parses files of unknown origin needs no secrets.
 * It ends with us, also when we are killed: its IPC channel closes.
 */
export class EngineChild {
  /** Resolves once it is gone, however that came. */
  readonly ended: Promise<ChildEnd>;
  private readonly child: ChildProcess;
  private readonly answers = new Map<number, AnswerChannel>();
  private onLoaded: ((message: FromEngine) => void) | undefined;
  private lastWords = '';
  private gone = false;

  constructor(script: string) {
    this.child = fork(script, [], { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'json' });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.lastWords = (this.lastWords + text).slice(-LAST_WORDS_BYTES)));
    this.child.on('message', (message) => this.receive(message as FromEngine));
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.gone = true;
        for (const answer of this.answers.values()) answer.finish({ type: 'died' });
        this.answers.clear();
        resolve({ code, signal, lastWords: this.lastWords.trim() });
      };
      // `close` comes after `exit`, when the last words have been read.
      this.child.once('close', end);
      this.child.on('error', (error) => {
        this.lastWords += error.message;
        if (this.child.pid === undefined) end(null, null);
      });
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /**
   * Loads the model; gives the tokens of its context.
   * @throws LoadRefused; ChildEnd's words as an Error when the process ended over it.
   */
  async load(command: Omit<LoadCommand, 'type'>, patienceMs: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const said = new Promise<FromEngine>((resolve, reject) => {
      this.onLoaded = resolve;
      timer = setTimeout(() => reject(new LoadRefused('timeout', `the model was not loaded within ${patienceMs} ms`)), patienceMs);
    });
    const died = this.ended.then(({ code, signal, lastWords }) => {
      throw new Error(`the engine's process ended while loading (${signal ?? `exit code ${String(code)}`}) ${lastWords}`.trim());
    });
    this.send({ type: 'load', ...command });
    try {
      const answer = await Promise.race([said, died]);
      if (answer.type === 'ready') return answer.contextTokens;
      throw answer.type === 'load_failed' ? new LoadRefused(answer.reason, answer.message) : new LoadRefused('model', 'the engine spoke out of turn');
    } finally {
      clearTimeout(timer);
      this.onLoaded = undefined;
    }
  }

  generate(command: Omit<GenerateCommand, 'type'>): AnswerChannel {
    const answer = new AnswerChannel();
    if (this.gone) answer.finish({ type: 'died' });
    else {
      this.answers.set(command.id, answer);
      this.send({ type: 'generate', ...command });
    }
    return answer;
  }

  /** The answer then ends with `done`, soon. */
  cancel(id: number): void {
    this.send({ type: 'cancel', id });
  }

  /** Asks it to go, and does not ask twice. */
  async stop(): Promise<void> {
    if (this.gone) return;
    this.send({ type: 'exit' });
    const timer = setTimeout(() => this.kill(), EXIT_PATIENCE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  private send(message: ToEngine): void {
    // What is said to a dying child is lost; its end tells everybody who waits.
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  private receive(message: FromEngine): void {
    switch (message.type) {
      case 'ready':
      case 'load_failed':
        this.onLoaded?.(message);
        break;
      case 'text':
        this.answers.get(message.id)?.push(message.text);
        break;
      case 'done':
      case 'failed':
        this.answers.get(message.id)?.finish(message);
        this.answers.delete(message.id);
        break;
    }
  }
}
