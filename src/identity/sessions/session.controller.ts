import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers, Public } from '../../platform/http/index.js';
import { ForUser, USER_ERRORS } from '../guard/access.decorator.js';
import { FromCaller } from '../guard/caller.decorator.js';
import type { Caller } from '../guard/caller.js';
import { RefreshDto, TokenPairDto } from './session.dto.js';
import { SessionService } from './session.service.js';

@ApiTags('auth')
@Controller('v1/auth')
export class SessionController {
  constructor(private readonly sessions: SessionService) {}

  @Post('refresh')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Exchange a refresh token for new tokens. A token that was used before revokes the login.' })
  @Answers({ status: 200, type: TokenPairDto }, 'unauthenticated', 'user_banned', 'tenant_suspended', 'rate_limited')
  async refresh(@FromCaller() caller: Caller, @Body() body: RefreshDto): Promise<TokenPairDto> {
    return TokenPairDto.of(await this.sessions.refresh(caller, body.refresh_token));
  }

  @Post('logout')
  @HttpCode(204)
  @ForUser()
  @ApiOperation({ summary: 'End this login. An answer that is being written is finished.' })
  @Answers({ status: 204 }, ...USER_ERRORS)
  async logout(@Ctx() ctx: RequestContext): Promise<void> {
    await this.sessions.logout(ctx);
  }
}
