import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId } from '../../platform/values/index.js';
import { UserService, actingUserId, type User } from '../../identity/index.js';
import { MediaService, ScreeningService, type OwnMedia } from '../../moderation/index.js';

/** A user as it sees itself, with the picture that others may see. */
export interface Profile {
  readonly user: User;
  readonly avatar: OwnMedia;
}

/** What users say about themselves: kept by identity, judged by moderation, which know nothing of each other's part. */
@Injectable()
export class ProfileService {
  constructor(private readonly users: UserService, private readonly media: MediaService, private readonly screening: ScreeningService) {}

  /** @throws forbidden, not_found */
  async read(ctx: RequestContext): Promise<Profile> {
    const [user, avatar] = await Promise.all([this.users.read(ctx), this.media.of(ctx, actingUserId(ctx), 'avatar')]);
    return { user, avatar };
  }

  /** A name that word lists take, its listed words covered where they say so; null removes it. @throws content_blocked (param `nickname`), forbidden, not_found */
  async rename(ctx: RequestContext, nickname: string | null): Promise<Profile> {
    await this.users.rename(ctx, nickname === null ? null : await this.judged(ctx, nickname));
    return this.read(ctx);
  }

  /** A picture, shown once WeChat let it pass; until then the former one is. @throws forbidden, invalid_request (param `url`), rate_limited */
  async bringAvatar(ctx: RequestContext, url: string): Promise<Profile> {
    await this.media.submit(ctx, { url, purpose: 'avatar', type: 'image' });
    return this.read(ctx);
  }

  async removeAvatar(ctx: RequestContext): Promise<void> {
    await this.media.withdraw(ctx, 'avatar');
  }

  /** A name is no answer of a run; the log tells it by an id of its own. */
  private async judged(ctx: RequestContext, nickname: string): Promise<string> {
    const id = newId();
    const verdict = await this.screening.local(ctx, { runId: id, conversationId: undefined, messageId: id }, { before: undefined, texts: [nickname], beside: [] });
    if (verdict.action === 'block' || verdict.action === 'answer') throw new DomainError('content_blocked', { param: 'nickname', ...(verdict.message === undefined ? {} : { message: verdict.message }) });
    return verdict.texts[0] ?? nickname;
  }
}
