import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsISO8601, Matches } from 'class-validator';
import { COST_GROUPINGS, type CostGrouping, type CostLine, type CostQuery } from '../../chat/index.js';
import { integerJson } from '../../platform/values/index.js';

const MOMENT = /T.*(Z|[+-]\d\d:\d\d)$/;
const COUNT = { type: 'integer' } as const;

export class UpstreamCostQuery {
  @ApiProperty({ format: 'date-time', description: 'Runs that began at or after this moment.' })
  @IsISO8601({ strict: true, strictSeparator: true }) @Matches(MOMENT, { message: 'from must be a moment with its time zone, such as 2026-11-01T00:00:00+08:00' })
  from!: string;
  @ApiProperty({ format: 'date-time', description: 'And before this one, at most 92 days later.' })
  @IsISO8601({ strict: true, strictSeparator: true }) @Matches(MOMENT, { message: 'to must be a moment with its time zone, such as 2026-12-01T00:00:00+08:00' })
  to!: string;
  @ApiProperty({ enum: COST_GROUPINGS, description: 'A day is one of Asia/Shanghai.' }) @IsIn(COST_GROUPINGS) group_by!: CostGrouping;

  static toQuery({ from, to, group_by }: UpstreamCostQuery): CostQuery {
    return { from: new Date(from), to: new Date(to), groupBy: group_by };
  }
}

export class UpstreamCostDto {
  @ApiProperty({ type: String, nullable: true, description: 'Id of the channel or tenant, name of the model, or day; null: runs that no channel answered.' }) key!: string | null;
  @ApiProperty({ type: String, nullable: true, description: "A channel's name, as long as the channel is there." }) name!: string | null;
  @ApiProperty({ ...COUNT, description: 'Runs that are over.' }) runs!: number | string;
  @ApiProperty({ ...COUNT, description: 'Those whose cost is known. The others (no channel, or no price entered) are not in the cost.' }) priced_runs!: number | string;
  @ApiProperty(COUNT) prompt_tokens!: number | string;
  @ApiProperty(COUNT) completion_tokens!: number | string;
  @ApiProperty({ ...COUNT, description: 'What the upstreams ask for the priced runs, in millionths of a yuan.' }) upstream_cost_micro_cny!: number | string;
  @ApiProperty({ ...COUNT, description: 'What users paid for the runs, in credits.' }) revenue_credits!: number | string;

  static of(line: CostLine): UpstreamCostDto {
    return {
      key: line.key ?? null, name: line.name ?? null, runs: integerJson(line.runs), priced_runs: integerJson(line.pricedRuns), prompt_tokens: integerJson(line.promptTokens),
      completion_tokens: integerJson(line.completionTokens), upstream_cost_micro_cny: integerJson(line.cost), revenue_credits: integerJson(line.revenue),
    };
  }
}

export class UpstreamCostListDto {
  @ApiProperty({ type: [UpstreamCostDto] }) data!: UpstreamCostDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: null;

  static of(lines: readonly CostLine[]): UpstreamCostListDto {
    return { data: lines.map((line) => UpstreamCostDto.of(line)), next_cursor: null };
  }
}
