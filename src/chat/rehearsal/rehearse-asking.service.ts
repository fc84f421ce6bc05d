import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Stage, type Players } from '../../platform/rehearsal/index.js';
import { ApiKeyService, RehearsedLogin } from '../../identity/index.js';

const QUESTION = { messages: [{ role: 'user', content: '你好' }], stream: true, max_tokens: 1 };
/** Each by somebody else, so that all is read anew. */
const ROUNDS = 3;
/** Its user has no credits. */
const REFUSED = 402;

/**
 * A question of nobody goes in through the front door before anybody is served, down to the statement that would open its
 * run, and is refused there for want of credits: code that never ran and queries that no connection has planned cost the
 * first user some 15 ms (bench:idle).
 */
@Injectable()
export class RehearseAsking {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly stage: Stage,
    private readonly login: RehearsedLogin,
    private readonly apiKeys: ApiKeyService,
  ) {}

  /** Errors: whatever makes the question end otherwise. */
  async rehearse(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const status = await this.stage.play((players) => this.ask(players));
      if (status !== REFUSED) throw new Error(`a rehearsed question was answered with ${status}`);
    }
    await this.apiKeys.rehearse();
  }

  private async ask(players: Players): Promise<number> {
    const server = this.host.httpAdapter.getInstance<FastifyInstance>();
    const authorization = `Bearer ${await this.login.accessToken(players)}`;
    return (await server.inject({ method: 'POST', url: '/v1/chat/completions', headers: { authorization }, payload: QUESTION })).statusCode;
  }
}
