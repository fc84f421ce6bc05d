import { Body, Controller, Get, Param, Put, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam, PageQuery } from '../../platform/http/index.js';
import { StandingDto, StandingResultDto, UserDto, UserListDto } from './user.dto.js';
import { TenantUserService } from './tenant-user.service.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/users')
@ForStaff('platform_admin')
export class AdminUserController {
  constructor(private readonly users: TenantUserService) {}

  @Get()
  @ApiOperation({ summary: 'Users of a tenant, newest first.' })
  @Answers({ status: 200, list: UserDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: PageQuery): Promise<UserListDto> {
    return UserListDto.of(await this.users.list(ctx, tenantId, query));
  }

  @Put(':user_id/standing')
  @ApiOperation({
    summary: 'Ban a user, or lift the ban. Holds everywhere within a second; a ban ends streams in flight.',
    description: 'A ban takes two members of staff, unless the desk rules (`ban_by_one`) let one ban: the first is answered 202, which mutes the user at once for up to 24 hours and puts the ban into the review queue, where another one confirms or rejects it. Either ends the mute. Asking again changes nothing.',
  })
  @Answers({ status: 200, type: StandingResultDto, accepted: 'The ban is not in force: the user is muted, and it waits for a second member of staff.' }, ...STAFF_ERRORS, 'not_found')
  async setStanding(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('user_id', IdParam) userId: string, @Body() body: StandingDto, @Res({ passthrough: true }) reply: FastifyReply): Promise<StandingResultDto> {
    return StandingResultDto.ofResult(inFull(body, await this.users.setStanding(ctx, tenantId, userId, body), reply));
  }
}

/** Says by the status, too, that what was asked for is not done yet. */
function inFull<T extends { readonly pending: unknown }>({ standing }: StandingDto, result: T, reply: FastifyReply): T {
  if (standing === 'banned' && result.pending !== undefined) reply.status(202);
  return result;
}
