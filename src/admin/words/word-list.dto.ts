import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsString, Length, Matches, ValidateIf } from 'class-validator';
import { CATEGORY, IMPORT_MODES, SEVERITIES, WORD_ACTIONS, type ImportMode, type ImportReport, type Severity, type Trial, type TriedHit, type WordAction, type WordList, type WordListChange, type WordListDraft } from '../../moderation/index.js';
import { integerJson, type Page } from '../../platform/values/index.js';

/** Lets a field be absent, but not null. */
const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
const Trimmed = (): PropertyDecorator => Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));

const NAME = /^(?=.*\S)[^\p{Cc}]{1,80}$/u;
const MOST_TEXT = 10_000;
const FAULT = {
  name: { message: 'name must have 1 to 80 characters, not only blanks, and no control characters' },
  category: { message: 'category must have 1 to 40 characters, and no control characters' },
};
const ABOUT = {
  category: { maxLength: 40, example: 'politics', description: 'What the words are about: the label of verdicts.' },
  severity: { enum: SEVERITIES, description: 'A tenant\'s allow-list does not cover the platform\'s words of severity `high`.' },
  action: { enum: WORD_ACTIONS, description: '`label`: noted; `review`: shown, and a person looks at it; `mask`: the words are covered; `answer`: a fixed reply in place of the model\'s; `block`: refused.' },
} as const;

export class CreateWordListDto {
  @ApiProperty({ maxLength: 80 }) @Trimmed() @IsString() @Matches(NAME, FAULT.name) name!: string;
  @ApiProperty(ABOUT.category) @Trimmed() @IsString() @Matches(CATEGORY, FAULT.category) category!: string;
  @ApiPropertyOptional({ ...ABOUT.severity, default: 'medium' }) @Absent() @IsIn(SEVERITIES) severity: Severity = 'medium';
  @ApiPropertyOptional({ ...ABOUT.action, default: 'block' }) @Absent() @IsIn(WORD_ACTIONS) action: WordAction = 'block';
  @ApiPropertyOptional({ default: true, description: 'false: kept, and not searched for.' }) @Absent() @IsBoolean() enabled: boolean = true;

  static toDraft({ name, category, severity, action, enabled }: CreateWordListDto): WordListDraft {
    return { name, category, severity, action, enabled };
  }
}

/** What may be changed of a list. */
export class UpdateWordListDto {
  @ApiPropertyOptional({ maxLength: 80 }) @Absent() @Trimmed() @IsString() @Matches(NAME, FAULT.name) name?: string;
  @ApiPropertyOptional(ABOUT.category) @Absent() @Trimmed() @IsString() @Matches(CATEGORY, FAULT.category) category?: string;
  @ApiPropertyOptional(ABOUT.severity) @Absent() @IsIn(SEVERITIES) severity?: Severity;
  @ApiPropertyOptional(ABOUT.action) @Absent() @IsIn(WORD_ACTIONS) action?: WordAction;
  @ApiPropertyOptional() @Absent() @IsBoolean() enabled?: boolean;

  static toChange({ name, category, severity, action, enabled }: UpdateWordListDto): WordListChange {
    return { name, category, severity, action, enabled };
  }
}

export class WordListDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty() category!: string;
  @ApiProperty({ enum: SEVERITIES }) severity!: string;
  @ApiProperty({ enum: WORD_ACTIONS }) action!: string;
  @ApiProperty() enabled!: boolean;
  @ApiProperty({ type: 'integer', description: 'Grows with every change of the list or of a word in it.' }) version!: number | string;
  @ApiProperty({ type: 'integer' }) word_count!: number;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: string;

  static of(list: WordList): WordListDto {
    const { id, name, category, severity, action, enabled, version, wordCount, createdAt, updatedAt } = list;
    return { id, name, category, severity, action, enabled, version: integerJson(version), word_count: wordCount, created_at: createdAt.toISOString(), updated_at: updatedAt.toISOString() };
  }
}

export class WordListListDto {
  @ApiProperty({ type: [WordListDto] }) data!: WordListDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<WordList>): WordListListDto {
    return { data: page.data.map((list) => WordListDto.of(list)), next_cursor: page.nextCursor ?? null };
  }
}

export class ImportQuery {
  @ApiPropertyOptional({ enum: IMPORT_MODES, default: 'add', description: '`replace` also removes the words that the file does not name.' }) @Absent() @IsIn(IMPORT_MODES) mode: ImportMode = 'add';
}

class BadLineDto {
  @ApiProperty({ type: 'integer', minimum: 1 }) line!: number;
  @ApiProperty() fault!: string;
}

class BadLinesDto {
  @ApiProperty({ type: 'integer', description: 'Lines that were skipped.' }) total!: number;
  @ApiProperty({ type: [BadLineDto], maxItems: 100 }) first!: BadLineDto[];
}

export class ImportReportDto {
  @ApiProperty({ type: WordListDto }) list!: WordListDto;
  @ApiProperty({ type: 'integer' }) added!: number;
  @ApiProperty({ type: 'integer' }) updated!: number;
  @ApiProperty({ type: 'integer', description: 'Stood in the list as the file has them.' }) unchanged!: number;
  @ApiProperty({ type: 'integer' }) removed!: number;
  @ApiProperty({ type: BadLinesDto }) bad_lines!: BadLinesDto;

  static of({ list, added, updated, unchanged, removed, badLines, firstBadLines }: ImportReport): ImportReportDto {
    return { list: WordListDto.of(list), added, updated, unchanged, removed, bad_lines: { total: badLines, first: [...firstBadLines] } };
  }
}

export class TryWordsDto {
  @ApiProperty({ maxLength: MOST_TEXT }) @IsString() @Length(1, MOST_TEXT) text!: string;
}

class HitListDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
}

class HitDto {
  @ApiProperty({ type: 'integer', description: 'UTF-16 units of the text, as is `to`.' }) from!: number;
  @ApiProperty({ type: 'integer' }) to!: number;
  @ApiProperty({ description: 'As it is written in the text.' }) found!: string;
  @ApiProperty({ description: 'As it is listed.' }) word!: string;
  @ApiProperty() category!: string;
  @ApiProperty({ enum: SEVERITIES }) severity!: string;
  @ApiProperty({ enum: WORD_ACTIONS }) action!: string;
  @ApiProperty({ type: String, nullable: true }) reply!: string | null;
  @ApiProperty({ enum: ['platform', 'tenant'] }) owner!: string;
  @ApiProperty({ type: HitListDto, nullable: true, description: 'null: a built-in pattern.' }) list!: HitListDto | null;

  static of({ from, to, entry, owner, list }: TriedHit, text: string): HitDto {
    return {
      from, to, found: text.slice(from, to), word: entry.text, category: entry.category, severity: entry.severity, action: entry.action, reply: entry.reply ?? null, owner,
      list: list === undefined ? null : { id: list.id, name: list.name },
    };
  }
}

export class TrialDto {
  @ApiProperty({ description: 'Of the lists that were searched for.' }) version!: string;
  @ApiProperty({ type: [HitDto] }) hits!: HitDto[];

  static of({ version, hits }: Trial, text: string): TrialDto {
    return { version, hits: hits.map((hit) => HitDto.of(hit, text)) };
  }
}
