import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { ForUser, USER_ERRORS } from '../guard/access.decorator.js';
import { MeDto, RenameDto } from './me.dto.js';
import { UserService } from './user.service.js';

@ApiTags('me')
@Controller('v1/me')
@ForUser()
export class MeController {
  constructor(private readonly users: UserService) {}

  @Get()
  @ApiOperation({ summary: 'The logged-in user.' })
  @Answers({ status: 200, type: MeDto }, ...USER_ERRORS)
  async read(@Ctx() ctx: RequestContext): Promise<MeDto> {
    return MeDto.of(await this.users.read(ctx));
  }

  @Patch()
  @ApiOperation({ summary: 'Change the nickname.' })
  @Answers({ status: 200, type: MeDto }, ...USER_ERRORS)
  async rename(@Ctx() ctx: RequestContext, @Body() body: RenameDto): Promise<MeDto> {
    return MeDto.of(await this.users.rename(ctx, body.nickname));
  }
}
