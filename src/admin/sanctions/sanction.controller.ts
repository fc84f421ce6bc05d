import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { SanctionService } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { NoteDto } from '../reviews/review.dto.js';
import { ImposeSanctionDto, SanctionDto, SanctionListDto, SanctionQuery } from './sanction.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/sanctions')
@ForStaff('moderator')
export class AdminSanctionController {
  constructor(private readonly inside: EnterTenant, private readonly sanctions: SanctionService) {}

  @Get()
  @ApiOperation({ summary: 'Warnings, mutes and bans of a tenant, newest first.' })
  @Answers({ status: 200, list: SanctionDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: SanctionQuery): Promise<SanctionListDto> {
    return SanctionListDto.of(await this.sanctions.list(await this.inside.enter(ctx, tenantId), { userId: query.user_id, kind: query.kind, state: query.state }, query));
  }

  @Post()
  @ApiOperation({ summary: 'Warn or mute a user, or propose a ban, which a second member of staff has to approve in the review queue.' })
  @Answers({ status: 201, type: SanctionDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async impose(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: ImposeSanctionDto): Promise<SanctionDto> {
    return SanctionDto.of(await this.sanctions.impose(await this.inside.enter(ctx, tenantId), ImposeSanctionDto.toWish(body)));
  }

  @Get(':sanction_id')
  @ApiOperation({ summary: 'One sanction.' })
  @Answers({ status: 200, type: SanctionDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('sanction_id', IdParam) id: string): Promise<SanctionDto> {
    return SanctionDto.of(await this.sanctions.read(await this.inside.enter(ctx, tenantId), id));
  }

  @Post(':sanction_id/lift')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take a sanction back. What led to it counts no more for another of its kind. Holds everywhere within a second.' })
  @Answers({ status: 200, type: SanctionDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async lift(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('sanction_id', IdParam) id: string, @Body() body: NoteDto): Promise<SanctionDto> {
    return SanctionDto.of(await this.sanctions.lift(await this.inside.enter(ctx, tenantId), id, body.note));
  }
}
