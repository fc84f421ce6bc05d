import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForUser, USER_ERRORS } from '../../identity/index.js';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { CreateModerationDto, ModerationDto } from './moderations.dto.js';
import { ModerationsService } from './moderations.service.js';

@ApiTags('openai-compatible')
@ForUser({ apiKey: true })
@Controller('v1/moderations')
export class ModerationsController {
  constructor(private readonly moderations: ModerationsService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Judge texts, as the OpenAI API does; the thresholds are the tenant\'s.' })
  @Answers({ status: 200, type: ModerationDto }, ...USER_ERRORS, 'rate_limited')
  async create(@Ctx() ctx: RequestContext, @Body() body: CreateModerationDto): Promise<ModerationDto> {
    return ModerationDto.of(await this.moderations.judge(ctx, CreateModerationDto.toTexts(body)));
  }
}
