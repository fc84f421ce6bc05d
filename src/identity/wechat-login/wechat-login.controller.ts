import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Answers, Public } from '../../platform/http/index.js';
import { Hints, type TenantHints } from '../../tenants/index.js';
import { FromCaller } from '../guard/caller.decorator.js';
import type { Caller } from '../guard/caller.js';
import { AppealLoginDto, LoginDto, WechatLoginDto } from './wechat-login.dto.js';
import { WechatLoginService } from './wechat-login.service.js';

@ApiTags('auth')
@Controller('v1/auth')
export class WechatLoginController {
  constructor(private readonly logins: WechatLoginService) {}

  @Post('wechat')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Log in by a wx.login code. The first login makes the user.' })
  @ApiHeader({ name: 'X-Tenant', required: false, description: 'Slug of the tenant, where neither the host name nor app_id tells it.' })
  @Answers({ status: 200, type: LoginDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'not_found', 'rate_limited', 'upstream_error')
  async login(@FromCaller() caller: Caller, @Hints() hints: TenantHints, @Body() body: WechatLoginDto): Promise<LoginDto> {
    return LoginDto.ofLogin(await this.logins.login(caller, hints, body.code, body.app_id));
  }

  @Post('appeal')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: "A banned user's login by a wx.login code: its token passes the routes of appeals, and nothing else." })
  @ApiHeader({ name: 'X-Tenant', required: false, description: 'Slug of the tenant, where neither the host name nor app_id tells it.' })
  @Answers({ status: 200, type: AppealLoginDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'not_found', 'conflict', 'rate_limited', 'upstream_error')
  async loginToAppeal(@FromCaller() caller: Caller, @Hints() hints: TenantHints, @Body() body: WechatLoginDto): Promise<AppealLoginDto> {
    return AppealLoginDto.of(await this.logins.loginToAppeal(caller, hints, body.code, body.app_id));
  }
}
