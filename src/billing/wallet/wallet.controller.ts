import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers, PageQuery, sendCsv } from '../../platform/http/index.js';
import { ForUser, USER_ERRORS } from '../../identity/index.js';
import { UsageListDto, UsageRowDto, WalletDto, WalletTransferDto, WalletTransferListDto } from './wallet.dto.js';
import { WalletService } from './wallet.service.js';

@ApiTags('wallet')
@ForUser()
@Controller('v1')
export class WalletController {
  constructor(private readonly wallets: WalletService) {}

  @Get('wallet')
  @ApiOperation({ summary: 'What the caller has, what is reserved, and what ends soon.' })
  @Answers({ status: 200, type: WalletDto }, ...USER_ERRORS)
  async read(@Ctx() ctx: RequestContext): Promise<WalletDto> {
    return WalletDto.of(await this.wallets.read(ctx));
  }

  @Get('wallet/transfers')
  @ApiOperation({ summary: 'What came in and what went out, newest first.' })
  @Answers({ status: 200, list: WalletTransferDto }, ...USER_ERRORS)
  async transfers(@Ctx() ctx: RequestContext, @Query() query: PageQuery): Promise<WalletTransferListDto> {
    return WalletTransferListDto.of(await this.wallets.transfers(ctx, query));
  }

  @Get('usage')
  @ApiOperation({ summary: 'What each answer used and cost, newest first.' })
  @Answers({ status: 200, list: UsageRowDto }, ...USER_ERRORS)
  async usage(@Ctx() ctx: RequestContext, @Query() query: PageQuery): Promise<UsageListDto> {
    return UsageListDto.of(await this.wallets.usage(ctx, query));
  }

  @Get('wallet/transfers/export')
  @ApiOperation({ summary: 'All transfers as a CSV file.' })
  @Answers({ status: 200, csv: true }, ...USER_ERRORS)
  exportTransfers(@Ctx() ctx: RequestContext, @Res() reply: FastifyReply): void {
    sendCsv(reply, 'transfers', this.wallets.exportTransfers(ctx));
  }

  @Get('usage/export')
  @ApiOperation({ summary: 'All usage as a CSV file.' })
  @Answers({ status: 200, csv: true }, ...USER_ERRORS)
  exportUsage(@Ctx() ctx: RequestContext, @Res() reply: FastifyReply): void {
    sendCsv(reply, 'usage', this.wallets.exportUsage(ctx));
  }
}
