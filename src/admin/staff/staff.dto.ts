import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, IsIn, IsString, MaxLength, MinLength } from 'class-validator';
import { STAFF_ROLES, type Staff, type StaffRole } from '../../identity/index.js';

export class CreateStaffDto {
  @ApiProperty({ maxLength: 200, description: 'What they log in with; upper and lower case are one.' }) @IsEmail() @MaxLength(200) email!: string;
  @ApiProperty({ minLength: 10, maxLength: 200, writeOnly: true }) @IsString() @MinLength(10) @MaxLength(200) password!: string;
  @ApiProperty({ enum: STAFF_ROLES, description: '`moderator`: reads the log of judgements and works where machines can\'t judge, and nothing else. `platform_admin`: everything.' }) @IsIn(STAFF_ROLES) role!: StaffRole;
}

export class StaffDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() email!: string;
  @ApiProperty({ enum: STAFF_ROLES }) role!: string;
  @ApiProperty() disabled!: boolean;

  static of({ id, email, role, disabled }: Staff): StaffDto {
    return { id, email, role, disabled };
  }
}

export class StaffListDto {
  @ApiProperty({ type: [StaffDto] }) data!: StaffDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(staff: readonly Staff[]): StaffListDto {
    return { data: staff.map((each) => StaffDto.of(each)), next_cursor: null };
  }
}
