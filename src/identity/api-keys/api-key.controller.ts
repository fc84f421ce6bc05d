import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { ForUser, USER_ERRORS } from '../guard/access.decorator.js';
import { ApiKeyListDto, CreateApiKeyDto, NewApiKeyDto } from './api-key.dto.js';
import { ApiKeyService } from './api-key.service.js';

@ApiTags('api-keys')
@Controller('v1/api-keys')
@ForUser()
export class ApiKeyController {
  constructor(private readonly apiKeys: ApiKeyService) {}

  @Post()
  @ApiOperation({ summary: 'Make a key for the OpenAI-compatible endpoint. It is shown once.' })
  @Answers({ status: 201, type: NewApiKeyDto }, ...USER_ERRORS, 'conflict')
  async create(@Ctx() ctx: RequestContext, @Body() body: CreateApiKeyDto): Promise<NewApiKeyDto> {
    return NewApiKeyDto.ofNew(await this.apiKeys.create(ctx, body.name));
  }

  @Get()
  @ApiOperation({ summary: 'The active keys.' })
  @Answers({ status: 200, type: ApiKeyListDto }, ...USER_ERRORS)
  async list(@Ctx() ctx: RequestContext): Promise<ApiKeyListDto> {
    return ApiKeyListDto.of(await this.apiKeys.list(ctx));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a key, at once and for good.' })
  @Answers({ status: 204 }, ...USER_ERRORS, 'not_found')
  async revoke(@Ctx() ctx: RequestContext, @Param('id', IdParam) id: string): Promise<void> {
    await this.apiKeys.revoke(ctx, id);
  }
}
