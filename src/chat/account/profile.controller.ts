import { Body, Controller, Delete, Get, HttpCode, Patch, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { ForUser, USER_ERRORS } from '../../identity/index.js';
import { ProfileDto, PutAvatarDto, RenameDto } from './profile.dto.js';
import { ProfileService } from './profile.service.js';

@ApiTags('me')
@ForUser()
@Controller('v1/me')
export class ProfileController {
  constructor(private readonly profiles: ProfileService) {}

  @Get()
  @ApiOperation({ summary: 'The logged-in user.' })
  @Answers({ status: 200, type: ProfileDto }, ...USER_ERRORS)
  async read(@Ctx() ctx: RequestContext): Promise<ProfileDto> {
    return ProfileDto.of(await this.profiles.read(ctx));
  }

  @Patch()
  @ApiOperation({ summary: 'Change the nickname. Word lists judge it.' })
  @Answers({ status: 200, type: ProfileDto }, ...USER_ERRORS, 'content_blocked')
  async rename(@Ctx() ctx: RequestContext, @Body() body: RenameDto): Promise<ProfileDto> {
    return ProfileDto.of(await this.profiles.rename(ctx, body.nickname));
  }

  @Put('avatar')
  @HttpCode(202)
  @ApiOperation({ summary: 'Bring a picture. It is shown once WeChat let it pass, which takes up to half an hour; until then the former one is.' })
  @Answers({ status: 202, type: ProfileDto }, ...USER_ERRORS, 'rate_limited')
  async bringAvatar(@Ctx() ctx: RequestContext, @Body() body: PutAvatarDto): Promise<ProfileDto> {
    return ProfileDto.of(await this.profiles.bringAvatar(ctx, body.url));
  }

  @Delete('avatar')
  @HttpCode(204)
  @ApiOperation({ summary: 'Have no picture any more.' })
  @Answers({ status: 204 }, ...USER_ERRORS)
  async removeAvatar(@Ctx() ctx: RequestContext): Promise<void> {
    await this.profiles.removeAvatar(ctx);
  }
}
