import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { FILE_LIMIT, WORD_FILE_TYPES, WordImport, WordListService, WordTrial } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam, PageQuery, TakesUpload, UploadBody, sendCsv, type Upload } from '../../platform/http/index.js';
import { CreateWordListDto, ImportQuery, ImportReportDto, TrialDto, TryWordsDto, UpdateWordListDto, WordListDto, WordListListDto } from './word-list.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/word-lists')
@ForStaff('platform_admin')
export class AdminTenantWordListController {
  constructor(private readonly lists: WordListService, private readonly files: WordImport, private readonly trial: WordTrial) {}

  @Get()
  @ApiOperation({ summary: "A tenant's own lists of words, newest first." })
  @Answers({ status: 200, list: WordListDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: PageQuery): Promise<WordListListDto> {
    return WordListListDto.of(await this.lists.list(ctx, tenantId, query));
  }

  @Post()
  @ApiOperation({ summary: 'A new list, with no words yet.' })
  @Answers({ status: 201, type: WordListDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async create(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: CreateWordListDto): Promise<WordListDto> {
    return WordListDto.of(await this.lists.create(ctx, tenantId, CreateWordListDto.toDraft(body)));
  }

  @Post('try')
  @HttpCode(200)
  @ApiOperation({ summary: "What the platform's lists and the tenant's own would find in a text." })
  @Answers({ status: 200, type: TrialDto }, ...STAFF_ERRORS, 'not_found')
  async try(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: TryWordsDto): Promise<TrialDto> {
    return TrialDto.of(await this.trial.try(ctx, tenantId, body.text), body.text);
  }

  @Get(':list_id')
  @ApiOperation({ summary: 'One list.' })
  @Answers({ status: 200, type: WordListDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('list_id', IdParam) id: string): Promise<WordListDto> {
    return WordListDto.of(await this.lists.read(ctx, tenantId, id));
  }

  @Patch(':list_id')
  @ApiOperation({ summary: 'Change a list: only what is given changes, on every node within moments.' })
  @Answers({ status: 200, type: WordListDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async update(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('list_id', IdParam) id: string, @Body() body: UpdateWordListDto): Promise<WordListDto> {
    return WordListDto.of(await this.lists.update(ctx, tenantId, id, UpdateWordListDto.toChange(body)));
  }

  @Delete(':list_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a list and its words.' })
  @Answers({ status: 204 }, ...STAFF_ERRORS, 'not_found')
  async remove(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('list_id', IdParam) id: string): Promise<void> {
    await this.lists.remove(ctx, tenantId, id);
  }

  @Post(':list_id/import')
  @HttpCode(200)
  @TakesUpload({ types: WORD_FILE_TYPES, limit: FILE_LIMIT })
  @ApiOperation({ summary: 'Take in a file of words: `text/plain` (one a line, `#` begins a comment) or `text/csv` (columns text, category, severity, action, reply, pinyin, kind; only the first is needed), UTF-8, at most 8 MiB. Bad lines are skipped and reported.' })
  @Answers({ status: 200, type: ImportReportDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async import(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('list_id', IdParam) id: string, @Query() query: ImportQuery, @UploadBody() file: Upload): Promise<ImportReportDto> {
    return ImportReportDto.of(await this.files.import(ctx, tenantId, id, file, query.mode));
  }

  @Get(':list_id/export')
  @ApiOperation({ summary: 'All words of a list as a CSV file, as `import` takes it.' })
  @Answers({ status: 200, csv: true }, ...STAFF_ERRORS, 'not_found')
  async export(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('list_id', IdParam) id: string, @Res() reply: FastifyReply): Promise<void> {
    sendCsv(reply, 'words', await this.files.export(ctx, tenantId, id));
  }
}
