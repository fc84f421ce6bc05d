import { Inject, Injectable } from '@nestjs/common';
import { MediaVerdicts, SupportInbox } from '../../moderation/index.js';
import { systemContext, type RequestContext } from '../../platform/context/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { TenantPush } from '../../tenants/index.js';
import type { PushLetter, PushQuery, PushReply } from '../../wechat/index.js';

/** "Taken", where there is nothing to say. */
const SUCCESS: PushReply = { contentType: 'text/plain; charset=utf-8', body: 'success' };

/**
 * WeChat's message push: verified letters go to the room that they are for, which stores them before anything is
 * answered; what takes longer is done by that room afterwards. One that is not answered within 5 s comes again, and
 * each room knows it again by its key.
 */
@Injectable()
export class WechatPushService {
  constructor(private readonly push: TenantPush, private readonly inbox: SupportInbox, private readonly media: MediaVerdicts, @Inject(LOGGER) private readonly logger: Logger) {}

  /** @throws PushRefused, not_found where the tenant has no push */
  async answerUrlCheck(tenantId: string, query: PushQuery): Promise<string> {
    return this.push.answerUrlCheck(tenantId, query);
  }

  /** @throws PushRefused, not_found where the tenant has no push */
  async take(tenantId: string, query: PushQuery, rawBody: Uint8Array, requestId: string): Promise<PushReply> {
    const letter = await this.push.openLetter(tenantId, query, rawBody);
    // The letter was verified: this is where the context of what it brings about is made.
    return this.hand(systemContext(tenantId, 'wechat push', requestId), letter);
  }

  private async hand(ctx: RequestContext, letter: PushLetter): Promise<PushReply> {
    const { message } = letter;
    switch (message.kind) {
      case 'user_message':
        return (await this.inbox.written(ctx, message)) === 'hand_over' ? this.push.transferToPerson(ctx.tenantId, letter) : SUCCESS;
      case 'enter_session':
        await this.inbox.entered(ctx, message);
        return SUCCESS;
      case 'media_verdict':
        await this.media.accept(ctx, { traceId: message.traceId, errcode: message.errcode, suggest: message.result?.suggest, label: message.result?.label });
        return SUCCESS;
      case 'other':
        this.logger.debug({ tenant: ctx.tenantId, name: message.name }, 'a push of WeChat is for nobody');
        return SUCCESS;
    }
  }
}
