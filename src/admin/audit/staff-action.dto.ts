import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';
import { STAFF_ACTIONS, type StaffAction, type StaffActionName } from '../../identity/index.js';
import { PageQuery } from '../../platform/http/index.js';
import { ID, type Page } from '../../platform/values/index.js';

export class StaffActionQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid', description: 'What was done to this review, sanction, ticket or user.' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'subject_id must be an id' })
  subject_id?: string;

  @ApiPropertyOptional({ format: 'uuid', description: 'What concerns this user.' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'user_id must be an id' })
  user_id?: string;
}

export class StaffActionDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'null: a rule of the tenant, in staff\'s place.' }) staff_id!: string | null;
  @ApiProperty({ enum: STAFF_ACTIONS }) action!: StaffActionName;
  @ApiProperty({ format: 'uuid' }) subject_id!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) user_id!: string | null;
  @ApiProperty({ type: String, nullable: true }) note!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;

  static of(action: StaffAction): StaffActionDto {
    return { id: action.id, staff_id: action.staffId ?? null, action: action.action, subject_id: action.subjectId, user_id: action.userId ?? null, note: action.note ?? null, created_at: action.createdAt.toISOString() };
  }
}

export class StaffActionListDto {
  data!: StaffActionDto[];
  next_cursor!: string | null;

  static of(page: Page<StaffAction>): StaffActionListDto {
    return { data: page.data.map((action) => StaffActionDto.of(action)), next_cursor: page.nextCursor ?? null };
  }
}
