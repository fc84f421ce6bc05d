import { ApiProperty } from '@nestjs/swagger';
import type { Page } from '../../platform/values/index.js';
import type { Notice, NoticeKind } from './notice.js';

export class NoticeDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ['warned', 'muted', 'sanction_lifted', 'appeal_accepted', 'appeal_rejected', 'support_replied'] }) kind!: NoticeKind;
  @ApiProperty({ format: 'uuid', description: 'The sanction, appeal or ticket that it tells of.' }) subject_id!: string;
  @ApiProperty() text!: string;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) read_at!: string | null;

  static of(notice: Notice): NoticeDto {
    return { id: notice.id, kind: notice.kind, subject_id: notice.subjectId, text: notice.text, created_at: notice.createdAt.toISOString(), read_at: notice.readAt?.toISOString() ?? null };
  }
}

export class NoticeListDto {
  data!: NoticeDto[];
  next_cursor!: string | null;

  static of(page: Page<Notice>): NoticeListDto {
    return { data: page.data.map((notice) => NoticeDto.of(notice)), next_cursor: page.nextCursor ?? null };
  }
}
