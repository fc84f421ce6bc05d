import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { TenantService } from '../../tenants/index.js';
import { TenantListDto } from './tenant-list.dto.js';
import { CreateTenantDto, TenantDto, TenantQuery, UpdateTenantDto } from './tenant.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants')
@ForStaff('platform_admin')
export class AdminTenantController {
  constructor(private readonly tenants: TenantService) {}

  @Post()
  @ApiOperation({ summary: 'Create a tenant.' })
  @Answers({ status: 201, type: TenantDto }, ...STAFF_ERRORS, 'conflict')
  async create(@PlatformCtx() ctx: PlatformContext, @Body() body: CreateTenantDto): Promise<TenantDto> {
    return TenantDto.of(await this.tenants.create(ctx, CreateTenantDto.toDraft(body)));
  }

  @Get()
  @ApiOperation({ summary: 'Tenants, newest first.' })
  @Answers({ status: 200, list: TenantDto }, ...STAFF_ERRORS)
  async list(@PlatformCtx() ctx: PlatformContext, @Query() query: TenantQuery): Promise<TenantListDto> {
    return TenantListDto.of(await this.tenants.list(ctx, query));
  }

  @Get(':id')
  @ApiOperation({ summary: 'One tenant.' })
  @Answers({ status: 200, type: TenantDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string): Promise<TenantDto> {
    return TenantDto.of(await this.tenants.read(ctx, id));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a tenant: only what is given changes.' })
  @Answers({ status: 200, type: TenantDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async update(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string, @Body() body: UpdateTenantDto): Promise<TenantDto> {
    return TenantDto.of(await this.tenants.update(ctx, id, UpdateTenantDto.toChange(body)));
  }

  @Post(':id/suspend')
  @HttpCode(200)
  @ApiOperation({ summary: 'Suspend a tenant: its users are refused at once, streams in flight end.' })
  @Answers({ status: 200, type: TenantDto }, ...STAFF_ERRORS, 'not_found')
  async suspend(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string): Promise<TenantDto> {
    return TenantDto.of(await this.tenants.suspend(ctx, id));
  }

  @Post(':id/reactivate')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let a suspended tenant work again.' })
  @Answers({ status: 200, type: TenantDto }, ...STAFF_ERRORS, 'not_found')
  async reactivate(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) id: string): Promise<TenantDto> {
    return TenantDto.of(await this.tenants.reactivate(ctx, id));
  }
}
