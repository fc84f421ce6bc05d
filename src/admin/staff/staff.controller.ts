import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS, StaffService } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { CreateStaffDto, StaffDto, StaffListDto } from './staff.dto.js';

@ApiTags('admin')
@Controller('admin/v1/staff')
@ForStaff('platform_admin')
export class AdminStaffController {
  constructor(private readonly staff: StaffService) {}

  @Get()
  @ApiOperation({ summary: 'The people who run the platform, oldest first.' })
  @Answers({ status: 200, list: StaffDto }, ...STAFF_ERRORS)
  async list(@PlatformCtx() ctx: PlatformContext): Promise<StaffListDto> {
    return StaffListDto.of(await this.staff.list(ctx));
  }

  @Post()
  @ApiOperation({ summary: 'One more of them.' })
  @Answers({ status: 201, type: StaffDto }, ...STAFF_ERRORS, 'conflict', 'rate_limited')
  async create(@PlatformCtx() ctx: PlatformContext, @Body() body: CreateStaffDto): Promise<StaffDto> {
    return StaffDto.of(await this.staff.create(ctx, body));
  }

  @Post(':staff_id/disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Refuse somebody from the next request on.' })
  @Answers({ status: 200, type: StaffDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async disable(@PlatformCtx() ctx: PlatformContext, @Param('staff_id', IdParam) id: string): Promise<StaffDto> {
    return StaffDto.of(await this.staff.disable(ctx, id));
  }
}
