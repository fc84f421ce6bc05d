import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam, PageQuery } from '../../platform/http/index.js';
import { ChannelRegistry } from '../../upstream/index.js';
import { ChannelDto, ChannelListDto, CreateChannelDto, DisableChannelDto, UpdateChannelDto } from './channel.dto.js';

@ApiTags('admin')
@Controller('admin/v1/channels')
@ForStaff('platform_admin')
export class AdminChannelController {
  constructor(private readonly channels: ChannelRegistry) {}

  @Get()
  @ApiOperation({ summary: "The platform's channels that staff entered, newest first." })
  @Answers({ status: 200, list: ChannelDto }, ...STAFF_ERRORS)
  async list(@PlatformCtx() ctx: PlatformContext, @Query() query: PageQuery): Promise<ChannelListDto> {
    return ChannelListDto.of(await this.channels.list(ctx, undefined, query));
  }

  @Post()
  @ApiOperation({ summary: 'A new channel. It is used on every node within a second.' })
  @Answers({ status: 201, type: ChannelDto }, ...STAFF_ERRORS, 'conflict')
  async create(@PlatformCtx() ctx: PlatformContext, @Body() body: CreateChannelDto): Promise<ChannelDto> {
    return ChannelDto.of(await this.channels.create(ctx, undefined, CreateChannelDto.toDraft(body)));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One channel, without its key.' })
  @Answers({ status: 200, type: ChannelDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string): Promise<ChannelDto> {
    return ChannelDto.of(await this.channels.read(ctx, undefined, id));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a channel: only what is given changes.' })
  @Answers({ status: 200, type: ChannelDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async update(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string, @Body() body: UpdateChannelDto): Promise<ChannelDto> {
    return ChannelDto.of(await this.channels.update(ctx, undefined, id, UpdateChannelDto.toChange(body)));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a channel. Answers under way on it go on.' })
  @Answers({ status: 204 }, ...STAFF_ERRORS, 'not_found')
  async remove(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string): Promise<void> {
    await this.channels.remove(ctx, undefined, id);
  }

  @Post(':id/pause')
  @HttpCode(200)
  @ApiOperation({ summary: 'Nothing new is sent to it; what has no other channel waits.' })
  @Answers({ status: 200, type: ChannelDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async pause(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string): Promise<ChannelDto> {
    return ChannelDto.of(await this.channels.move(ctx, undefined, id, 'pause', undefined));
  }

  @Post(':id/resume')
  @HttpCode(200)
  @ApiOperation({ summary: 'Use a paused channel again.' })
  @Answers({ status: 200, type: ChannelDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async resume(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string): Promise<ChannelDto> {
    return ChannelDto.of(await this.channels.move(ctx, undefined, id, 'resume', undefined));
  }

  @Post(':id/disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'As if it were not there, until it is enabled.' })
  @Answers({ status: 200, type: ChannelDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async disable(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string, @Body() body: DisableChannelDto): Promise<ChannelDto> {
    return ChannelDto.of(await this.channels.move(ctx, undefined, id, 'disable', body.reason));
  }

  @Post(':id/enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Use a disabled channel again, whoever disabled it.' })
  @Answers({ status: 200, type: ChannelDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async enable(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string): Promise<ChannelDto> {
    return ChannelDto.of(await this.channels.move(ctx, undefined, id, 'enable', undefined));
  }
}
