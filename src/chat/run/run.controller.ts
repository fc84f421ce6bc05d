import { Controller, Get, Headers, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { ForUser } from '../../identity/index.js';
import { AnswerService } from '../messages/answer.service.js';
import { ResumeQuery } from '../messages/message.dto.js';
import { RunControlService } from './run-control.service.js';
import type { RunRecord } from './run.js';

export class RunDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) conversation_id!: string | null;
  @ApiProperty({ format: 'uuid', description: 'The id of the answer among the messages, once the run is over.' }) message_id!: string;
  @ApiProperty({ enum: ['opened', 'finished', 'stopped', 'refused', 'failed'] }) state!: string;
  @ApiProperty() model!: string;
  @ApiProperty({ type: String, nullable: true }) finish_reason!: string | null;
  @ApiProperty({ type: String, nullable: true }) error_code!: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) prompt_tokens!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) completion_tokens!: number | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) concluded_at!: string | null;
}

@ApiTags('runs')
@ForUser({ apiKey: true })
@Controller('v1/runs')
export class RunController {
  constructor(private readonly control: RunControlService, private readonly answers: AnswerService) {}

  @Get(':id')
  @Answers({ status: 200, type: RunDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found')
  async read(@Ctx() ctx: RequestContext, @Param('id') id: string): Promise<RunDto> {
    return runDto(await this.control.own(ctx, id));
  }

  @Get(':id/stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'What a browser sends when it reconnects; `after` in the query wins.' })
  @ApiResponse({ status: 204, description: 'The run is over, and the client has all of it.' })
  @Answers({ status: 200, stream: true, description: 'The rest of the answer after a seq.' }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found')
  async stream(
    @Ctx() ctx: RequestContext, @Param('id') id: string, @Query() query: ResumeQuery,
    @Headers('last-event-id') lastEventId: string | undefined, @Req() request: FastifyRequest, @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.answers.resume(ctx, id, afterOf(query.after ?? lastEventId), query.format, request, reply);
  }

  @Post(':id/stop')
  @HttpCode(200)
  @Answers({ status: 200, type: RunDto, description: 'The run as it was; its stream ends with finish_reason `stopped`.' }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found')
  async stop(@Ctx() ctx: RequestContext, @Param('id') id: string): Promise<RunDto> {
    return runDto(await this.control.stop(ctx, id));
  }
}

function afterOf(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? parseInt(text, 10) : 0;
}

function runDto(run: RunRecord): RunDto {
  return {
    id: run.id,
    conversation_id: run.conversationId,
    message_id: run.answerId,
    state: run.state,
    model: run.model,
    finish_reason: run.finishReason,
    error_code: run.errorCode,
    prompt_tokens: run.promptTokens,
    completion_tokens: run.completionTokens,
    created_at: run.createdAt.toISOString(),
    concluded_at: run.concludedAt?.toISOString() ?? null,
  };
}
