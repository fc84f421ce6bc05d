import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { UserService, actingUserId, type User } from '../../identity/index.js';
import { MediaService, type OwnMedia } from '../../moderation/index.js';
import { OwnWords } from './own-words.service.js';

/** A user as it sees itself, with the picture that others may see. */
export interface Profile {
  readonly user: User;
  readonly avatar: OwnMedia;
}

/** What users say about themselves: kept by identity, judged by moderation, which know nothing of each other's part. */
@Injectable()
export class ProfileService {
  constructor(private readonly users: UserService, private readonly media: MediaService, private readonly words: OwnWords) {}

  /** @throws forbidden, not_found */
  async read(ctx: RequestContext): Promise<Profile> {
    const [user, avatar] = await Promise.all([this.users.read(ctx), this.media.of(ctx, actingUserId(ctx), 'avatar')]);
    return { user, avatar };
  }

  /** A name that word lists take, its listed words covered where they say so; null removes it. @throws content_blocked (param `nickname`), forbidden, not_found */
  async rename(ctx: RequestContext, nickname: string | null): Promise<Profile> {
    await this.users.rename(ctx, nickname === null ? null : await this.words.judged(ctx, 'nickname', nickname));
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
}
