import { Body, Controller, Get, Param, Patch } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PolicyService } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { PatchPolicyDto, PolicyDto } from './policy.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/moderation/policy')
@ForStaff('platform_admin')
export class AdminPolicyController {
  constructor(private readonly inside: EnterTenant, private readonly policies: PolicyService) {}

  @Get()
  @ApiOperation({ summary: "How a tenant's texts are judged." })
  @Answers({ status: 200, type: PolicyDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string): Promise<PolicyDto> {
    return PolicyDto.of(await this.policies.read(await this.inside.enter(ctx, tenantId)));
  }

  @Patch()
  @ApiOperation({ summary: 'Change it, on every node within a second: only what is given changes, null brings the default back.' })
  @Answers({ status: 200, type: PolicyDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async change(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: PatchPolicyDto): Promise<PolicyDto> {
    return PolicyDto.of(await this.policies.change(await this.inside.enter(ctx, tenantId), PatchPolicyDto.toChange(body), body.version));
  }
}
