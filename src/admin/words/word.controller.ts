import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { WordService } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { PutWordDto, WordDto, WordPageDto, WordQueryDto } from './word.dto.js';

@ApiTags('admin')
@Controller('admin/v1/word-lists/:id/words')
@ForStaff('platform_admin')
export class AdminWordController {
  constructor(private readonly words: WordService) {}

  @Get()
  @ApiOperation({ summary: 'The words of a list, newest first.' })
  @Answers({ status: 200, list: WordDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) listId: string, @Query() query: WordQueryDto): Promise<WordPageDto> {
    return WordPageDto.of(await this.words.list(ctx, undefined, listId, query));
  }

  @Post()
  @ApiOperation({ summary: 'A new word: searched for on every node within moments.' })
  @Answers({ status: 201, type: WordDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async create(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) listId: string, @Body() body: PutWordDto): Promise<WordDto> {
    return WordDto.of(await this.words.create(ctx, undefined, listId, PutWordDto.toDraft(body)));
  }

  @Get(':word_id')
  @ApiOperation({ summary: 'One word.' })
  @Answers({ status: 200, type: WordDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) listId: string, @Param('word_id', IdParam) id: string): Promise<WordDto> {
    return WordDto.of(await this.words.read(ctx, undefined, listId, id));
  }

  @Put(':word_id')
  @ApiOperation({ summary: 'Replace a word.' })
  @Answers({ status: 200, type: WordDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async replace(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) listId: string, @Param('word_id', IdParam) id: string, @Body() body: PutWordDto): Promise<WordDto> {
    return WordDto.of(await this.words.replace(ctx, undefined, listId, id, PutWordDto.toDraft(body)));
  }

  @Delete(':word_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a word.' })
  @Answers({ status: 204 }, ...STAFF_ERRORS, 'not_found')
  async remove(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) listId: string, @Param('word_id', IdParam) id: string): Promise<void> {
    await this.words.remove(ctx, undefined, listId, id);
  }
}
