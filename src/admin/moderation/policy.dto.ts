import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsObject, IsString, Matches, Max, Min, ValidateIf, ValidateNested } from 'class-validator';
import { BROKEN_OFF_CHARGES, LAYER_MODES, type LayerMode, type PolicyChange, type PolicyRecord } from '../../moderation/index.js';
import { CLIENT_PLATFORMS, type ClientPlatform } from '../../platform/context/index.js';
import { camelKeys, snakeKeys } from './snake-keys.js';

/** Lets a field be absent, or null, which brings the default back. */
const Nullable = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined && value !== null);
const oneOf = (choices: readonly string[], description?: string): PropertyDecorator => (target, key) => {
  ApiPropertyOptional({ enum: choices, nullable: true, ...(description === undefined ? {} : { description }) })(target, key);
  Nullable()(target, key);
  IsIn(choices)(target, key);
};
const part = (type: () => new () => object): PropertyDecorator => (target, key) => {
  // By this very name the library knows a function that it is to ask later.
  ApiPropertyOptional({ type: () => type(), nullable: true })(target, key);
  Nullable()(target, key);
  IsObject()(target, key);
  ValidateNested()(target, key);
  Type(type)(target, key);
};
const text = (description: string): PropertyDecorator => (target, key) => {
  ApiPropertyOptional({ type: String, nullable: true, maxLength: 200, description })(target, key);
  Nullable()(target, key);
  IsString()(target, key);
  Matches(/^(?=[^]*\S)[^\0]{1,200}$/u, { message: `${String(key)} must have 1 to 200 characters, not only blanks` })(target, key);
};

export class LocalLayerDto {
  @oneOf(LAYER_MODES, '`shadow`: judged and recorded, never acted upon.') mode?: LayerMode | null;
}

export class RemoteLayerDto extends LocalLayerDto {
  @oneOf(['open', 'closed'], 'What happens to a text that the layer could not judge in time: let through, or refused as unavailable.') on_failure?: string | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 50, maximum: 30_000 }) @Nullable() @IsInt() @Min(50) @Max(30_000) deadline_ms?: number | null;
  @oneOf(['pass', 'review', 'block'], "What WeChat's `review`, or a score near its threshold, means.") on_review?: string | null;
}

export class InputPolicyDto {
  @part(() => LocalLayerDto) local?: LocalLayerDto | null;
  @part(() => RemoteLayerDto) wechat?: RemoteLayerDto | null;
  @part(() => RemoteLayerDto) openai?: RemoteLayerDto | null;
  @oneOf(['beside', 'before'], '`beside`: while the model is asked, and no word is shown until the layers agree.') order?: string | null;
  @oneOf(['openai', 'nobody'], 'Who judges users whom WeChat can\'t judge.') instead_of_wechat?: string | null;
  @oneOf(['open', 'closed'], 'What happens to a question that is too long for WeChat, or beyond the share of checks that its user has, where nobody stands in: let through, or refused as unavailable.') on_excess?: string | null;
}

export class OutputPolicyDto {
  @part(() => LocalLayerDto) local?: LocalLayerDto | null;
  @part(() => RemoteLayerDto) wechat?: RemoteLayerDto | null;
  @part(() => RemoteLayerDto) openai?: RemoteLayerDto | null;
  @oneOf(['openai', 'nobody'], 'Who judges for users whom WeChat can\'t judge.') instead_of_wechat?: string | null;
  @oneOf(['strict', 'swift'], '`strict`: text is shown when the window that it is in has passed; `swift`: at once, and recalled when a window fails.') gate?: string | null;
  @oneOf(BROKEN_OFF_CHARGES, 'What an answer costs that was broken off. `shown`: the prompt and the words that stand; `produced`: the prompt and all that the model said.') charge?: string | null;
  @ApiPropertyOptional({ type: [String], enum: CLIENT_PLATFORMS, nullable: true, description: 'Client platforms that are shown a note in place of code.' })
  @Nullable() @IsArray() @ArrayMaxSize(CLIENT_PLATFORMS.length) @ArrayUnique() @IsIn(CLIENT_PLATFORMS, { each: true, message: `withhold_code_on must list ${CLIENT_PLATFORMS.join(', ')}` })
  withhold_code_on?: ClientPlatform[] | null;
}

export class PolicyTextsDto {
  @text('What is told where a word list refuses.') local?: string | null;
  @text('Where WeChat refuses.') wechat?: string | null;
  @text('Where the moderation endpoint refuses.') openai?: string | null;
  @text('In place of an answer that was recalled.') recalled?: string | null;
  @text('Where a topic is banned and its list has no reply.') topic?: string | null;
  @text('In place of code that is withheld.') code?: string | null;
}

const THRESHOLDS = { type: 'object', additionalProperties: { type: 'number', minimum: 0.01, maximum: 1 }, example: { default: 0.7, 'sexual/minors': 0.2 } } as const;

class PolicyFieldsDto {
  @part(() => InputPolicyDto) input?: InputPolicyDto | null;
  @part(() => OutputPolicyDto) output?: OutputPolicyDto | null;
  @ApiPropertyOptional({ ...THRESHOLDS, nullable: true, description: 'Score from which a category counts; `default` for those that are not named. null for a category brings its default back.' })
  @Nullable() @IsObject() thresholds?: Record<string, number | null> | null;
  @part(() => PolicyTextsDto) texts?: PolicyTextsDto | null;
  @ApiPropertyOptional({ type: Boolean, nullable: true, description: 'Judged texts are kept sealed in the log.' }) @Nullable() @IsBoolean() seal_texts?: boolean | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 183, maximum: 3_650, description: 'Days that the log is kept; network logs must be kept for six months.' }) @Nullable() @IsInt() @Min(183) @Max(3_650) retention_days?: number | null;
}

/** A change: only what is given changes, null brings the default back. */
export class PatchPolicyDto extends PolicyFieldsDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 0, description: 'The version that the change was made from; another one by now is a conflict.' })
  @ValidateIf((_, value) => value !== undefined) @IsInt() @Min(0)
  version?: number;

  static toChange({ version: _, ...fields }: PatchPolicyDto): PolicyChange {
    return camelKeys(fields);
  }
}

/** Everything of it, or only what was set. */
class SetFieldsDto extends PartialType(PolicyFieldsDto) {}

/** The policy in force. */
export class PolicyDto extends PolicyFieldsDto {
  @ApiProperty({ type: 'integer', description: 'Grows with every change; 0: nothing was ever set.' }) version!: number;
  @ApiProperty({ type: SetFieldsDto, description: 'What the tenant set itself; the rest are defaults.' }) own!: object;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) updated_at!: string | null;

  static of({ policy, own, updatedAt }: PolicyRecord): PolicyDto {
    const { version, ...fields } = policy;
    return { version, ...snakeKeys(fields), own: snakeKeys(own), updated_at: updatedAt?.toISOString() ?? null };
  }
}
