import { Module, type DynamicModule } from '@nestjs/common';
import { BillingModule } from '../billing/index.js';
import { IdentityModule } from '../identity/index.js';
import { ChatModule } from '../chat/index.js';
import { ModerationModule } from '../moderation/index.js';
import type { Role } from '../platform/config/index.js';
import { TenantsModule } from '../tenants/index.js';
import { UpstreamModule } from '../upstream/index.js';
import { AdminAppealController } from './appeals/appeal.controller.js';
import { AdminStaffActionController } from './audit/staff-action.controller.js';
import { AdminAuthController } from './auth/auth.controller.js';
import { AdminChannelController } from './channels/channel.controller.js';
import { AdminTenantChannelController } from './channels/tenant-channel.controller.js';
import { AdminDeskRulesController } from './desk/desk-rules.controller.js';
import { EnterTenant } from './enter-tenant.service.js';
import { AdminLabelFreeDeliveryController } from './label-free-deliveries/delivery.controller.js';
import { AdminMerchantController } from './merchants/merchant.controller.js';
import { AdminPolicyController } from './moderation/policy.controller.js';
import { AdminVerdictController } from './moderation/verdict.controller.js';
import { AdminModelController } from './models/model.controller.js';
import { AdminOrderController } from './orders/order.controller.js';
import { AdminPackageController } from './packages/package.controller.js';
import { AdminPaymentController } from './payments/payment.controller.js';
import { AdminPriceController } from './prices/price.controller.js';
import { AdminReadyAnswerController } from './ready-answers/ready-answer.controller.js';
import { AdminReportController } from './reports/report.controller.js';
import { AdminPlatformReviewController } from './reviews/platform-review.controller.js';
import { AdminReviewController } from './reviews/review.controller.js';
import { AdminSanctionController } from './sanctions/sanction.controller.js';
import { AdminStaffController } from './staff/staff.controller.js';
import { AdminTicketController } from './support/ticket.controller.js';
import { AdminTenantController } from './tenants/tenant.controller.js';
import { AdminUserController } from './users/user.controller.js';
import { TenantUserService } from './users/tenant-user.service.js';
import { AdminTenantWordListController } from './words/tenant-word-list.controller.js';
import { AdminTenantWordController } from './words/tenant-word.controller.js';
import { AdminWordListController } from './words/word-list.controller.js';
import { AdminWordController } from './words/word.controller.js';

@Module({})
export class AdminModule {
  static for(role: Role): DynamicModule {
    return {
      module: AdminModule,
      imports: [IdentityModule, TenantsModule, BillingModule.for(role), ModerationModule.for(role), ChatModule.for(role), UpstreamModule],
      controllers: [
        AdminAuthController, AdminTenantController, AdminUserController, AdminMerchantController, AdminPackageController, AdminOrderController, AdminPaymentController,
        AdminPriceController, AdminReadyAnswerController, AdminChannelController, AdminTenantChannelController, AdminModelController, AdminReportController,
        AdminReviewController, AdminPlatformReviewController, AdminAppealController, AdminSanctionController, AdminDeskRulesController, AdminStaffActionController, AdminTicketController,
        AdminStaffController, AdminPolicyController, AdminVerdictController,
        AdminWordListController, AdminWordController, AdminTenantWordListController, AdminTenantWordController, AdminLabelFreeDeliveryController,
      ],
      providers: [EnterTenant, TenantUserService],
    };
  }
}
