import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { FromCaller, Public, StaffService, type Caller } from '../../identity/index.js';
import { Answers } from '../../platform/http/index.js';
import { StaffLoginDto, StaffTokenDto } from './login.dto.js';

@ApiTags('admin')
@Controller('admin/v1/auth')
export class AdminAuthController {
  constructor(private readonly staff: StaffService) {}

  @Post('login')
  @HttpCode(200)
  @Public()
  @ApiOperation({ summary: 'Log staff in by email and password.' })
  @Answers({ status: 200, type: StaffTokenDto }, 'unauthenticated', 'rate_limited')
  async login(@FromCaller() caller: Caller, @Body() body: StaffLoginDto): Promise<StaffTokenDto> {
    return StaffTokenDto.of(await this.staff.login(caller, body.email, body.password));
  }
}
