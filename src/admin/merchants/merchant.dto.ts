import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsString, MaxLength, ValidateIf, ValidateNested } from 'class-validator';
import type { Merchant, MerchantDraft } from '../../tenants/index.js';

const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

export class WechatKeyDto {
  @ApiProperty({ description: 'PUB_KEY_ID_… or the serial number of a platform certificate.' }) @IsString() @MaxLength(80) serial!: string;
  @ApiProperty({ description: 'Public key or certificate, PEM.' }) @IsString() @MaxLength(10_000) key!: string;
}

/** A tenant's account with WeChat Pay. The two secrets go in and never come out; left out, they stay. */
export class PutMerchantDto {
  @ApiProperty() @IsString() @MaxLength(40) merchant_id!: string;
  @ApiProperty({ description: 'Serial number of the merchant API certificate.' }) @IsString() @MaxLength(80) merchant_serial!: string;
  @ApiPropertyOptional({ writeOnly: true, description: 'apiclient_key.pem' }) @Absent() @IsString() @MaxLength(10_000) private_key?: string;
  @ApiPropertyOptional({ writeOnly: true, description: 'APIv3密钥' }) @Absent() @IsString() @MaxLength(64) api_v3_key?: string;
  @ApiProperty({ type: [WechatKeyDto] }) @IsArray() @ArrayMaxSize(5) @ValidateNested({ each: true }) @Type(() => WechatKeyDto) wechat_keys!: WechatKeyDto[];
  @ApiPropertyOptional({ description: 'Which of them WeChat is asked to sign with; the first unless told.' }) @Absent() @IsString() @MaxLength(80) preferred_serial?: string;

  static toDraft(dto: PutMerchantDto): MerchantDraft {
    return { merchantId: dto.merchant_id, merchantSerial: dto.merchant_serial, privateKey: dto.private_key, apiV3Key: dto.api_v3_key, wechatKeys: dto.wechat_keys, preferredSerial: dto.preferred_serial };
  }
}

export class MerchantDto {
  @ApiProperty() merchant_id!: string;
  @ApiProperty() merchant_serial!: string;
  @ApiProperty({ type: [String], description: "Serials of WeChat Pay's keys." }) wechat_serials!: string[];
  @ApiProperty() preferred_serial!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: string;

  static of(merchant: Merchant): MerchantDto {
    return {
      merchant_id: merchant.merchantId, merchant_serial: merchant.merchantSerial, wechat_serials: Object.keys(merchant.wechatKeys),
      preferred_serial: merchant.preferredSerial, updated_at: merchant.updatedAt.toISOString(),
    };
  }
}
