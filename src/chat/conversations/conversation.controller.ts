import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers, PageQuery } from '../../platform/http/index.js';
import { ForUser } from '../../identity/index.js';
import { MessageDto, messageDto } from '../messages/message.dto.js';
import { ConversationDto, CreateConversationDto, UpdateConversationDto, conversationDto } from './conversation.dto.js';
import { ShownMessages } from '../messages/shown-messages.service.js';
import { ConversationService } from './conversation.service.js';

interface List<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}

@ApiTags('conversations')
@ForUser()
@Controller('v1/conversations')
export class ConversationController {
  constructor(private readonly conversations: ConversationService, private readonly shown: ShownMessages) {}

  @Post()
  @Answers({ status: 201, type: ConversationDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found', 'content_blocked', 'unavailable')
  async create(@Ctx() ctx: RequestContext, @Body() body: CreateConversationDto): Promise<ConversationDto> {
    return conversationDto(await this.conversations.create(ctx, { ...pick('title', body.title), ...pick('model', body.model), ...pick('systemPrompt', body.system_prompt) }));
  }

  @Get()
  @Answers({ status: 200, list: ConversationDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned')
  async list(@Ctx() ctx: RequestContext, @Query() query: PageQuery): Promise<List<ConversationDto>> {
    return listOf(await this.conversations.list(ctx, query.cursor, query.limit), conversationDto);
  }

  @Get(':id')
  @Answers({ status: 200, type: ConversationDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found')
  async read(@Ctx() ctx: RequestContext, @Param('id') id: string): Promise<ConversationDto> {
    return conversationDto(await this.conversations.read(ctx, id));
  }

  @Patch(':id')
  @Answers({ status: 200, type: ConversationDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found', 'content_blocked', 'unavailable')
  async change(@Ctx() ctx: RequestContext, @Param('id') id: string, @Body() body: UpdateConversationDto): Promise<ConversationDto> {
    return conversationDto(await this.conversations.change(ctx, id, { ...pick('title', body.title), ...pick('model', body.model), ...pick('systemPrompt', body.system_prompt) }));
  }

  @Delete(':id')
  @HttpCode(204)
  @Answers({ status: 204 }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found')
  async remove(@Ctx() ctx: RequestContext, @Param('id') id: string): Promise<void> {
    await this.conversations.remove(ctx, id);
  }

  @Get(':id/messages')
  @Answers({ status: 200, list: MessageDto, description: 'Newest first.' }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found')
  async messages(@Ctx() ctx: RequestContext, @Param('id') id: string, @Query() query: PageQuery): Promise<List<MessageDto>> {
    return listOf(await this.shown.page(ctx, id, query.cursor, query.limit), messageDto);
  }
}

/** A field only where the client named it: what is absent stays as it is. */
function pick<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: V });
}

function listOf<Row, Dto>(page: { readonly data: readonly Row[]; readonly nextCursor: string | undefined }, dto: (row: Row) => Dto): List<Dto> {
  return { data: page.data.map(dto), next_cursor: page.nextCursor ?? null };
}
