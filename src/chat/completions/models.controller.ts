import { Controller, Get, Param } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { ForUser } from '../../identity/index.js';
import { OfferService } from './offer.service.js';

export class ModelDto {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: ['model'] }) object!: string;
  @ApiProperty({ type: 'integer' }) created!: number;
  @ApiProperty() owned_by!: string;
  @ApiProperty({ type: 'integer', description: 'Tokens of prompt and answer together.' }) context_window!: number;
  @ApiProperty({ type: 'integer', description: 'Most tokens of one answer.' }) max_answer_tokens!: number;
}

export class ModelListDto {
  @ApiProperty({ enum: ['list'] }) object!: string;
  @ApiProperty({ type: [ModelDto] }) data!: ModelDto[];
}

@ApiTags('openai-compatible')
@ForUser({ apiKey: true })
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly offer: OfferService) {}

  @Get()
  @Answers({ status: 200, type: ModelListDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned')
  async list(@Ctx() ctx: RequestContext): Promise<ModelListDto> {
    return { object: 'list', data: [...(await this.offer.list(ctx))] };
  }

  @Get(':id')
  @Answers({ status: 200, type: ModelDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found')
  async read(@Ctx() ctx: RequestContext, @Param('id') id: string): Promise<ModelDto> {
    return this.offer.read(ctx, id);
  }
}
