import { Readable } from 'node:stream';
import { Controller, Delete, Get, HttpCode, Res } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { ForUser } from '../../identity/index.js';
import { AccountExportService } from './account-export.service.js';
import { EraseAccountService } from './erase-account.service.js';

export class ExportDto {
  @ApiProperty({ description: 'The visible label of generated text; again as end_notice.' }) notice!: string;
  @ApiProperty({ type: 'object', additionalProperties: true }) user!: Record<string, unknown>;
  @ApiProperty({ type: 'object', additionalProperties: true }) avatar!: Record<string, unknown>;
  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } }) agreements!: Record<string, unknown>[];
  @ApiProperty({ type: 'array', items: { type: 'object', additionalProperties: true } }) conversations!: Record<string, unknown>[];
  @ApiProperty() end_notice!: string;
}

@ApiTags('me')
@ForUser()
@Controller('v1/me')
export class AccountController {
  constructor(private readonly exports: AccountExportService, private readonly erasing: EraseAccountService) {}

  @Get('export')
  @Answers({ status: 200, type: ExportDto, description: 'Everything that is kept of the user, as one JSON file.' }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned')
  export(@Ctx() ctx: RequestContext, @Res() reply: FastifyReply): void {
    void reply.header('content-type', 'application/json; charset=utf-8').header('content-disposition', 'attachment; filename="bailiao-export.json"').send(Readable.from(this.exports.export(ctx)));
  }

  @Delete()
  @HttpCode(204)
  @Answers({ status: 204, description: 'The account is erased; its tokens are void.' }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned')
  async erase(@Ctx() ctx: RequestContext): Promise<void> {
    await this.erasing.erase(ctx);
  }
}
