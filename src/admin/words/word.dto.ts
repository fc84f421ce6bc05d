import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsString, Length, Matches, ValidateIf } from 'class-validator';
import { CATEGORY, ENTRY_KINDS, REPLY, SEVERITIES, WORD_ACTIONS, WORD_TEXT, type EntryKind, type Severity, type Word, type WordAction, type WordDraft } from '../../moderation/index.js';
import { PageQuery } from '../../platform/http/index.js';
import type { Page } from '../../platform/values/index.js';

/** Lets a field be absent, but not null. */
const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
/** Lets a field be absent, or null. */
const Nullable = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined && value !== null);
const Trimmed = (): PropertyDecorator => Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));

const FAULT = {
  text: { message: 'text must have 1 to 100 characters, and no control characters' },
  category: { message: 'category must have 1 to 40 characters, and no control characters' },
  reply: { message: 'reply must have 1 to 500 characters, not only blanks, and no control characters' },
};

export class PutWordDto {
  @ApiProperty({ maxLength: 100, description: 'Found whatever the width, case, spacing and disguise of its characters.' }) @Trimmed() @IsString() @Matches(WORD_TEXT, FAULT.text) text!: string;
  @ApiPropertyOptional({ enum: ENTRY_KINDS, default: 'word', description: '`allow`: a phrase that is innocent though it contains a listed word.' }) @Absent() @IsIn(ENTRY_KINDS) kind: EntryKind = 'word';
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 40, description: 'null, here and below: as the list says.' }) @Nullable() @Trimmed() @IsString() @Matches(CATEGORY, FAULT.category) category?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, enum: SEVERITIES }) @Nullable() @IsIn(SEVERITIES) severity?: Severity | null;
  @ApiPropertyOptional({ type: String, nullable: true, enum: WORD_ACTIONS }) @Nullable() @IsIn(WORD_ACTIONS) action?: WordAction | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500, description: 'For `answer`: what the user is told; null: the policy\'s text.' }) @Nullable() @Trimmed() @IsString() @Matches(REPLY, FAULT.reply) reply?: string | null;
  @ApiPropertyOptional({ default: false, description: 'Found in pinyin, too.' }) @Absent() @IsBoolean() pinyin: boolean = false;

  static toDraft({ text, kind, category, severity, action, reply, pinyin }: PutWordDto): WordDraft {
    return { text, kind, category: category ?? undefined, severity: severity ?? undefined, action: action ?? undefined, reply: reply ?? undefined, pinyin };
  }
}

export class WordQueryDto extends PageQuery {
  @ApiPropertyOptional({ maxLength: 100, description: 'A part of the text, whatever the case of its letters.' }) @Absent() @IsString() @Length(1, 100) @Matches(/^[^\0]*$/u, { message: 'q must not contain NUL characters' }) q?: string;
  @ApiPropertyOptional({ enum: ENTRY_KINDS }) @Absent() @IsIn(ENTRY_KINDS) kind?: EntryKind;
}

export class WordDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() text!: string;
  @ApiProperty({ enum: ENTRY_KINDS }) kind!: string;
  @ApiProperty({ type: String, nullable: true }) category!: string | null;
  @ApiProperty({ type: String, nullable: true, enum: SEVERITIES }) severity!: string | null;
  @ApiProperty({ type: String, nullable: true, enum: WORD_ACTIONS }) action!: string | null;
  @ApiProperty({ type: String, nullable: true }) reply!: string | null;
  @ApiProperty() pinyin!: boolean;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: string;

  static of({ id, text, kind, category, severity, action, reply, pinyin, createdAt, updatedAt }: Word): WordDto {
    return {
      id, text, kind, category: category ?? null, severity: severity ?? null, action: action ?? null, reply: reply ?? null, pinyin,
      created_at: createdAt.toISOString(), updated_at: updatedAt.toISOString(),
    };
  }
}

export class WordPageDto {
  @ApiProperty({ type: [WordDto] }) data!: WordDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<Word>): WordPageDto {
    return { data: page.data.map((word) => WordDto.of(word)), next_cursor: page.nextCursor ?? null };
  }
}
