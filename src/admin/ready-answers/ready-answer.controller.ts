import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ReadyAnswerService } from '../../chat/index.js';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam, PageQuery } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { PutReadyAnswerDto, ReadyAnswerDto, ReadyAnswerListDto } from './ready-answer.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/ready-answers')
@ForStaff('platform_admin')
export class AdminReadyAnswerController {
  constructor(private readonly inside: EnterTenant, private readonly answers: ReadyAnswerService) {}

  @Get()
  @ApiOperation({ summary: "A tenant's ready answers to common questions, newest first." })
  @Answers({ status: 200, list: ReadyAnswerDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: PageQuery): Promise<ReadyAnswerListDto> {
    return ReadyAnswerListDto.of(await this.answers.list(await this.inside.enter(ctx, tenantId), query));
  }

  @Post()
  @ApiOperation({ summary: 'A new ready answer: given without asking a model, on every node within a second.' })
  @Answers({ status: 201, type: ReadyAnswerDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async create(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: PutReadyAnswerDto): Promise<ReadyAnswerDto> {
    return ReadyAnswerDto.of(await this.answers.create(await this.inside.enter(ctx, tenantId), PutReadyAnswerDto.toDraft(body)));
  }

  @Get(':ready_answer_id')
  @ApiOperation({ summary: 'One ready answer.' })
  @Answers({ status: 200, type: ReadyAnswerDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('ready_answer_id', IdParam) id: string): Promise<ReadyAnswerDto> {
    return ReadyAnswerDto.of(await this.answers.read(await this.inside.enter(ctx, tenantId), id));
  }

  @Put(':ready_answer_id')
  @ApiOperation({ summary: 'Replace a ready answer.' })
  @Answers({ status: 200, type: ReadyAnswerDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async replace(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('ready_answer_id', IdParam) id: string, @Body() body: PutReadyAnswerDto): Promise<ReadyAnswerDto> {
    return ReadyAnswerDto.of(await this.answers.replace(await this.inside.enter(ctx, tenantId), id, PutReadyAnswerDto.toDraft(body)));
  }

  @Delete(':ready_answer_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a ready answer. Conversations keep what they were told.' })
  @Answers({ status: 204 }, ...STAFF_ERRORS, 'not_found')
  async remove(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('ready_answer_id', IdParam) id: string): Promise<void> {
    await this.answers.remove(await this.inside.enter(ctx, tenantId), id);
  }
}
