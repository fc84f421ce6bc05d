import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { OutboundGuard, type UrlFault } from '../../platform/network/index.js';
import { newId } from '../../platform/values/index.js';
import { actingUserId } from '../../identity/index.js';
import { TenantService } from '../../tenants/index.js';
import type { MediaCheck, MediaPurpose } from './media-check.js';
import { MediaRepository } from './media.repository.js';

/** Knows no private place: WeChat has to fetch what is judged, and clients what is shown. */
export const MEDIA_GUARD = Symbol('MEDIA_GUARD');

const LONGEST_URL = 2_048;
/** What a user may have judged within an hour: WeChat counts the tenant's calls. */
const MOST_PER_HOUR = 20;
const HOUR_MS = 3_600_000;

export interface MediaDraft {
  readonly url: string;
  readonly purpose: MediaPurpose;
  readonly type: 'image' | 'audio';
}

/** What there is of a user's picture: the newest that passed, and the newest of all. */
export interface OwnMedia {
  readonly shown: MediaCheck | undefined;
  readonly newest: MediaCheck | undefined;
}

const FAULTS: Readonly<Record<UrlFault, string>> = {
  malformed: 'must be an address such as https://cdn.example.com/a.png',
  scheme: 'must start with https://',
  insecure: 'must start with https://',
  credentials: 'must not hold a user name or a password',
  query: 'must have no ? and no #',
  unresolved: 'leads to no address: the host name is not known',
  forbidden: 'leads to a private, local or reserved address (该地址指向内网或保留地址)',
};

/** Pictures and sounds of users. WeChat judges each before anybody sees it. */
@Injectable()
export class MediaService {
  constructor(private readonly database: Database, private readonly tenants: TenantService, private readonly checks: MediaRepository, @Inject(MEDIA_GUARD) private readonly guard: OutboundGuard) {}

  /**
   * Has something of the acting user's judged; a worker asks WeChat within a second. The same address again is the same
   * check as long as it is pending.
   * @throws forbidden where the tenant takes no media; invalid_request (param `url`); rate_limited
   */
  async submit(ctx: RequestContext, draft: MediaDraft): Promise<MediaCheck> {
    const userId = actingUserId(ctx);
    if (!(await this.tenants.settingsOf(ctx.tenantId)).mediaChecks) throw new DomainError('forbidden', { message: '本服务未开放上传 (media are not taken here)' });
    await this.checkUrl(draft.url);
    return this.database.inTenant(ctx, async (tx) => {
      await this.checks.lockUser(tx, userId);
      const { newest } = await this.checks.ownOf(tx, userId, draft.purpose);
      if (newest?.state === 'pending' && newest.url === draft.url && newest.type === draft.type) return newest;
      if ((await this.checks.countSince(tx, userId, HOUR_MS)) >= MOST_PER_HOUR) throw new DomainError('rate_limited', { retryAfterMs: HOUR_MS });
      return this.checks.insert(tx, { id: newId(), userId, ...draft });
    });
  }

  async of(ctx: RequestContext, userId: string, purpose: MediaPurpose): Promise<OwnMedia> {
    return this.database.readTenant(ctx, (tx) => this.checks.ownOf(tx, userId, purpose));
  }

  /** Takes everything of this purpose back, judged or not. */
  async withdraw(ctx: RequestContext, purpose: MediaPurpose): Promise<void> {
    await this.database.inTenant(ctx, (tx) => this.checks.withdraw(tx, actingUserId(ctx), purpose));
  }

  /** Joins the erasure of an account: no address stays. */
  async erase(tx: TenantTx, userId: string): Promise<void> {
    await this.checks.erase(tx, userId);
  }

  private async checkUrl(url: string): Promise<void> {
    const fault = url.length > LONGEST_URL ? 'malformed' : /^http:/i.test(url) ? 'insecure' : await this.guard.faultOf(url);
    if (fault !== undefined) throw new DomainError('invalid_request', { param: 'url', message: `url ${FAULTS[fault]}` });
  }
}
