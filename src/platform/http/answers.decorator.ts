import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ERROR_CATALOGUE, type ErrorCode } from '../errors/index.js';

class ErrorDetailDto {
  @ApiProperty() code!: string;
  @ApiProperty() message!: string;
  @ApiProperty() type!: string;
  @ApiProperty({ type: String, nullable: true }) param!: string | null;
  @ApiProperty() request_id!: string;
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, description: 'Figures for programs, such as `needed` and `available` credits of `insufficient_balance`.' })
  details?: Record<string, number | string>;
}

/** The one error body, for the OpenAPI document. */
export class ErrorBodyDto {
  @ApiProperty({ type: ErrorDetailDto }) error!: ErrorDetailDto;
}

interface Success {
  readonly status: 200 | 201 | 202 | 204;
  readonly type?: Type;
  /** The same answer with 202, and what that means. */
  readonly accepted?: string;
  readonly list?: Type;
  readonly stream?: boolean;
  readonly csv?: boolean;
  /** Media types of a file, one of which it has. */
  readonly files?: readonly string[];
  readonly description?: string;
}

/** Errors that any route may answer: bad input, and a store that is away. */
const EVERYWHERE: readonly ErrorCode[] = ['invalid_request', 'internal', 'unavailable'];

/** Declares all answers of a route: what it gives, and each error of the catalogue that it may give. */
export function Answers(success: Success, ...errors: readonly ErrorCode[]): MethodDecorator {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...EVERYWHERE, ...errors])) {
    const { status } = ERROR_CATALOGUE[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const models = [ErrorBodyDto, success.type, success.list].filter((model) => model !== undefined);
  return applyDecorators(
    ApiExtraModels(...models),
    ApiResponse(successResponse(success)),
    ...(success.accepted === undefined ? [] : [ApiResponse(successResponse({ ...success, status: 202, description: success.accepted }))]),
    ...[...byStatus].map(([status, codes]) =>
      ApiResponse({ status, description: codes.map((code) => `\`${code}\`: ${ERROR_CATALOGUE[code].text.en}`).join(' '), schema: { $ref: getSchemaPath(ErrorBodyDto) } }),
    ),
  );
}

function successResponse(success: Success): Parameters<typeof ApiResponse>[0] {
  const description = success.description ?? 'Done.';
  if (success.stream) return { status: success.status, description, content: { 'text/event-stream': { schema: { type: 'string' } } } };
  if (success.csv) return { status: success.status, description, content: { 'text/csv': { schema: { type: 'string' } } } };
  if (success.files) return { status: success.status, description, content: Object.fromEntries(success.files.map((type) => [type, { schema: { type: 'string' } }])) };
  if (success.list) {
    return {
      status: success.status,
      description,
      schema: {
        type: 'object',
        required: ['data', 'next_cursor'],
        properties: { data: { type: 'array', items: { $ref: getSchemaPath(success.list) } }, next_cursor: { type: 'string', nullable: true } },
      },
    };
  }
  if (success.type) return { status: success.status, description, type: success.type };
  return { status: success.status, description };
}
