import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam, PageQuery } from '../../platform/http/index.js';
import { StandingDto, UserDto, UserListDto } from './user.dto.js';
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
  @ApiOperation({ summary: 'Ban a user, or lift the ban. Holds everywhere within a second; a ban ends streams in flight.' })
  @Answers({ status: 200, type: UserDto }, ...STAFF_ERRORS, 'not_found')
  async setStanding(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('user_id', IdParam) userId: string, @Body() body: StandingDto): Promise<UserDto> {
    return UserDto.of(await this.users.setStanding(ctx, tenantId, userId, body));
  }
}
