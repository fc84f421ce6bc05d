import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, PageQuery } from '../../platform/http/index.js';
import { ModelRegistry } from '../../upstream/index.js';
import { AdminModelDto, AdminModelListDto, PutModelDto } from './model.dto.js';

@ApiTags('admin')
@Controller('admin/v1/models')
@ForStaff('platform_admin')
export class AdminModelController {
  constructor(private readonly models: ModelRegistry) {}

  @Get()
  @ApiOperation({ summary: 'The models that staff entered, by name. Those of the environment are not among them.' })
  @Answers({ status: 200, list: AdminModelDto }, ...STAFF_ERRORS)
  async list(@PlatformCtx() ctx: PlatformContext, @Query() query: PageQuery): Promise<AdminModelListDto> {
    return AdminModelListDto.of(await this.models.list(ctx, query));
  }

  @Get(':name')
  @ApiOperation({ summary: 'One model. A slash in its name is written %2F.' })
  @Answers({ status: 200, type: AdminModelDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('name') name: string): Promise<AdminModelDto> {
    return AdminModelDto.of(await this.models.read(ctx, name));
  }

  @Put(':name')
  @ApiOperation({ summary: 'Enter or replace a model. It is offered where a channel serves it; one that the environment names, too, is then as it is here.' })
  @Answers({ status: 200, type: AdminModelDto }, ...STAFF_ERRORS)
  async put(@PlatformCtx() ctx: PlatformContext, @Param('name') name: string, @Body() body: PutModelDto): Promise<AdminModelDto> {
    return AdminModelDto.of(await this.models.put(ctx, name, PutModelDto.toDraft(body)));
  }

  @Delete(':name')
  @HttpCode(204)
  @ApiOperation({ summary: 'Remove a model. Answers under way go on.' })
  @Answers({ status: 204 }, ...STAFF_ERRORS, 'not_found')
  async remove(@PlatformCtx() ctx: PlatformContext, @Param('name') name: string): Promise<void> {
    await this.models.remove(ctx, name);
  }
}
