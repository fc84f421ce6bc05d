import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { ReviewService } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { ReviewDto, ReviewListDto, ReviewQuery } from './review.dto.js';

@ApiTags('admin')
@Controller('admin/v1/reviews')
@ForStaff('moderator')
export class AdminPlatformReviewController {
  constructor(private readonly reviews: ReviewService) {}

  @Get()
  @ApiOperation({ summary: 'The review queues of all tenants: what is overdue first.' })
  @Answers({ status: 200, list: ReviewDto }, ...STAFF_ERRORS)
  async list(@PlatformCtx() ctx: PlatformContext, @Query() query: ReviewQuery): Promise<ReviewListDto> {
    return ReviewListDto.of(await this.reviews.listEverywhere(ctx, ReviewQuery.toFilter(query), query));
  }
}
