import { Injectable } from '@nestjs/common';
import { DomainError } from '../../platform/errors/index.js';
import { nowDate } from '../../platform/values/index.js';
import { answerUrlCheck, openLetter, transferToPerson, type PushLetter, type PushQuery, type PushReply, type PushSettings } from '../../wechat/index.js';
import { TenantApps } from './tenant-apps.service.js';

/**
 * WeChat's message push to a tenant: letters verified, opened and answered. Nobody above holds a token or a key.
 * Every call throws not_found where the tenant has not set its push up.
 */
@Injectable()
export class TenantPush {
  constructor(private readonly apps: TenantApps) {}

  /** The answer to the check of the address, as it goes out. @throws PushRefused */
  async answerUrlCheck(tenantId: string, query: PushQuery): Promise<string> {
    return answerUrlCheck(await this.settings(tenantId), query, nowDate());
  }

  /** What a letter to this tenant really says. `message.key` is the same when WeChat sends it again. @throws PushRefused */
  async openLetter(tenantId: string, query: PushQuery, rawBody: Uint8Array): Promise<PushLetter> {
    return openLetter(await this.settings(tenantId), query, rawBody, nowDate());
  }

  /** The answer that hands the writer of a `user_message` over to a person. */
  async transferToPerson(tenantId: string, letter: PushLetter): Promise<PushReply> {
    return transferToPerson(await this.settings(tenantId), letter, nowDate());
  }

  private async settings(tenantId: string): Promise<PushSettings> {
    const push = (await this.apps.of(tenantId))?.push;
    if (push === undefined) throw new DomainError('not_found');
    return push;
  }
}
