import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches } from 'class-validator';
import { TERMS_VERSION } from '../../tenants/index.js';
import { EXPORT_FORMATS, type ExportFormat } from './conversation-document.js';
import { AGREEMENT_KINDS, type Agreement, type AgreementKind } from './label-log.repository.js';

const LABELS = ['visible', 'none'] as const;

export class ExportQuery {
  @ApiPropertyOptional({ enum: EXPORT_FORMATS, default: 'md' }) @IsOptional() @IsIn(EXPORT_FORMATS) format: ExportFormat = 'md';
  @ApiPropertyOptional({ enum: LABELS, default: 'visible', description: 'none: without the visible label, where the tenant allows it and the user accepted its terms. The metadata stay, and the delivery is logged.' })
  @IsOptional()
  @IsIn(LABELS)
  label: (typeof LABELS)[number] = 'visible';
}

export class AcceptAgreementDto {
  @ApiProperty({ enum: AGREEMENT_KINDS }) @IsIn(AGREEMENT_KINDS) kind!: AgreementKind;
  @ApiProperty({ description: 'The one in force: compliance.label_free_terms of GET /v1/tenant.' }) @Matches(TERMS_VERSION, { message: 'version must be 1 to 40 letters, digits, dots, dashes or underscores' }) version!: string;
}

export class AgreementDto {
  @ApiProperty({ enum: AGREEMENT_KINDS }) kind!: string;
  @ApiProperty() version!: string;
  @ApiProperty({ format: 'date-time' }) accepted_at!: string;

  static of({ kind, version, at }: Agreement): AgreementDto {
    return { kind, version, accepted_at: at.toISOString() };
  }
}

export class AgreementListDto {
  @ApiProperty({ type: [AgreementDto] }) data!: AgreementDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: null;

  static of(agreements: readonly Agreement[]): AgreementListDto {
    return { data: agreements.map((agreement) => AgreementDto.of(agreement)), next_cursor: null };
  }
}
