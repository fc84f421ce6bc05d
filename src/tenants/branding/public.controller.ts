import { Controller, Get, Req } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Answers, Public, platformOf } from '../../platform/http/index.js';
import { Hints } from '../tenant/tenant-hints.decorator.js';
import type { TenantHints } from '../tenant/tenant.js';
import { TenantService } from '../tenant/tenant.service.js';
import { PublicTenantDto } from './public.dto.js';

@ApiTags('tenant')
@Controller('v1/tenant')
export class PublicController {
  constructor(private readonly tenants: TenantService) {}

  @Get()
  @Public()
  @ApiOperation({ summary: 'Branding, features and compliance texts for a client to start with.' })
  @ApiHeader({ name: 'X-Tenant', required: false, description: 'Slug of the tenant, where the host name does not tell it.' })
  @Answers({ status: 200, type: PublicTenantDto }, 'not_found', 'tenant_suspended')
  async read(@Hints() hints: TenantHints, @Req() request: FastifyRequest): Promise<PublicTenantDto> {
    return PublicTenantDto.of(await this.tenants.enter(hints), platformOf(request));
  }
}
