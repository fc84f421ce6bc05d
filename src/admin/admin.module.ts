import { Module } from '@nestjs/common';
import { IdentityModule } from '../identity/index.js';
import { TenantsModule } from '../tenants/index.js';
import { AdminAuthController } from './auth/auth.controller.js';
import { AdminTenantController } from './tenants/tenant.controller.js';
import { AdminUserController } from './users/user.controller.js';
import { TenantUserService } from './users/tenant-user.service.js';

@Module({
  imports: [IdentityModule, TenantsModule],
  controllers: [AdminAuthController, AdminTenantController, AdminUserController],
  providers: [TenantUserService],
})
export class AdminModule {}
