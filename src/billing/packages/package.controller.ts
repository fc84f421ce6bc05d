import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForUser, USER_ERRORS } from '../../identity/index.js';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { PackageOnSaleDto, PackageOnSaleListDto, QuoteDto, QuoteQuery } from './package.dto.js';
import { PackageService } from './package.service.js';

@ApiTags('top-up')
@Controller('v1')
@ForUser()
export class PackageController {
  constructor(private readonly packages: PackageService) {}

  @Get('packages')
  @ApiOperation({ summary: 'What can be bought.' })
  @Answers({ status: 200, list: PackageOnSaleDto }, ...USER_ERRORS)
  async list(@Ctx() ctx: RequestContext): Promise<PackageOnSaleListDto> {
    return PackageOnSaleListDto.of(await this.packages.onSale(ctx));
  }

  @Get('topup-quote')
  @ApiOperation({ summary: 'What a free amount of credits costs now, where the tenant sells it.' })
  @Answers({ status: 200, type: QuoteDto }, ...USER_ERRORS, 'not_found')
  async quote(@Ctx() ctx: RequestContext, @Query() query: QuoteQuery): Promise<QuoteDto> {
    return QuoteDto.of(await this.packages.quote(ctx, BigInt(query.credits)));
  }
}
