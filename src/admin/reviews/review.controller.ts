import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { DecideReviewService, ReviewService } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { NoteDto, ReviewDto, ReviewListDto, ReviewQuery } from './review.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/reviews')
@ForStaff('moderator')
export class AdminReviewController {
  constructor(private readonly inside: EnterTenant, private readonly reviews: ReviewService, private readonly decisions: DecideReviewService) {}

  @Get()
  @ApiOperation({ summary: "A tenant's review queue: what is overdue first." })
  @Answers({ status: 200, list: ReviewDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: ReviewQuery): Promise<ReviewListDto> {
    return ReviewListDto.of(await this.reviews.list(await this.inside.enter(ctx, tenantId), ReviewQuery.toFilter(query), query));
  }

  @Get(':review_id')
  @ApiOperation({ summary: 'One item of the queue.' })
  @Answers({ status: 200, type: ReviewDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('review_id', IdParam) id: string): Promise<ReviewDto> {
    return ReviewDto.of(await this.reviews.read(await this.inside.enter(ctx, tenantId), id));
  }

  @Post(':review_id/claim')
  @HttpCode(200)
  @ApiOperation({ summary: "Take an item, for the tenant's claim time. One's own claim is renewed." })
  @Answers({ status: 200, type: ReviewDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async claim(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('review_id', IdParam) id: string): Promise<ReviewDto> {
    return ReviewDto.of(await this.reviews.claim(await this.inside.enter(ctx, tenantId), id));
  }

  @Post(':review_id/release')
  @HttpCode(200)
  @ApiOperation({ summary: 'Give an item back.' })
  @Answers({ status: 200, type: ReviewDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async release(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('review_id', IdParam) id: string): Promise<ReviewDto> {
    return ReviewDto.of(await this.reviews.release(await this.inside.enter(ctx, tenantId), id));
  }

  @Post(':review_id/approve')
  @HttpCode(200)
  @ApiOperation({ summary: 'The text is fine, the appeal is right, the user is to be banned. A ban takes two different members of staff.' })
  @Answers({ status: 200, type: ReviewDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async approve(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('review_id', IdParam) id: string, @Body() body: NoteDto): Promise<ReviewDto> {
    return ReviewDto.of(await this.decisions.approve(await this.inside.enter(ctx, tenantId), id, body.note));
  }

  @Post(':review_id/reject')
  @HttpCode(200)
  @ApiOperation({ summary: "The text offends, the appeal is not right, the user is not banned. A user's text that is rejected counts as an offence, and it, or the answer that is rejected, leaves the conversation." })
  @Answers({ status: 200, type: ReviewDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async reject(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('review_id', IdParam) id: string, @Body() body: NoteDto): Promise<ReviewDto> {
    return ReviewDto.of(await this.decisions.reject(await this.inside.enter(ctx, tenantId), id, body.note));
  }
}
