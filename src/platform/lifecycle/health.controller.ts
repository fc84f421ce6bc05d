import { Controller, Get, Inject, Res } from '@nestjs/common';
import { ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { CONFIG, type Config } from '../config/index.js';
import { Public } from '../http/index.js';
import { Metrics } from '../telemetry/index.js';
import { Readiness } from './readiness.js';

class HealthDto {
  @ApiProperty({ enum: ['ok'] }) status!: string;
  @ApiProperty({ enum: ['all', 'api', 'worker'] }) role!: string;
}

class ReadinessDto {
  @ApiProperty({ enum: ['ready', 'not_ready'] }) status!: string;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string', enum: ['ok', 'failed'] } }) checks!: Record<string, string>;
}

@ApiTags('operations')
@Public()
@Controller()
export class HealthController {
  constructor(private readonly readiness: Readiness, private readonly metrics: Metrics, @Inject(CONFIG) private readonly config: Config) {}

  /** The process lives. */
  @Get('healthz')
  @ApiResponse({ status: 200, type: HealthDto })
  health(): HealthDto {
    return { status: 'ok', role: this.config.role };
  }

  /** The process can serve: PostgreSQL, Redis and the queue are there, and Redis keeps what it is given (`redis_policy`). */
  @Get('readyz')
  @ApiResponse({ status: 200, type: ReadinessDto })
  @ApiResponse({ status: 503, type: ReadinessDto })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessDto> {
    const { ready, checks } = await this.readiness.read();
    void reply.status(ready ? 200 : 503);
    return { status: ready ? 'ready' : 'not_ready', checks };
  }

  @Get('metrics')
  @ApiResponse({ status: 200, description: 'Prometheus text format.', content: { 'text/plain': { schema: { type: 'string' } } } })
  async read(@Res() reply: FastifyReply): Promise<void> {
    void reply.header('content-type', this.metrics.registry.contentType).send(await this.metrics.text());
  }
}
