import { Body, Controller, Get, Param, Post, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { PackageService } from '../../billing/index.js';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { AdminPackageDto, AdminPackageListDto, PutPackageDto } from './package.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/packages')
@ForStaff('platform_admin')
export class AdminPackageController {
  constructor(private readonly inside: EnterTenant, private readonly packages: PackageService) {}

  @Get()
  @ApiOperation({ summary: 'All packages of a tenant, also those not on sale.' })
  @Answers({ status: 200, list: AdminPackageDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string): Promise<AdminPackageListDto> {
    return AdminPackageListDto.of(await this.packages.all(await this.inside.enter(ctx, tenantId)));
  }

  @Post()
  @ApiOperation({ summary: 'A new package.' })
  @Answers({ status: 201, type: AdminPackageDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async create(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: PutPackageDto): Promise<AdminPackageDto> {
    return AdminPackageDto.of(await this.packages.create(await this.inside.enter(ctx, tenantId), PutPackageDto.toDraft(body)));
  }

  @Put(':package_id')
  @ApiOperation({ summary: 'Replace a package. Orders keep what they were made with.' })
  @Answers({ status: 200, type: AdminPackageDto }, ...STAFF_ERRORS, 'not_found')
  async replace(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('package_id', IdParam) packageId: string, @Body() body: PutPackageDto): Promise<AdminPackageDto> {
    return AdminPackageDto.of(await this.packages.replace(await this.inside.enter(ctx, tenantId), packageId, PutPackageDto.toDraft(body)));
  }
}
