import { randomUUID } from 'node:crypto';
import { logIn, makeTenant, type TestTenant, type TestUser } from './factories.js';
import type { Answer } from './api.js';
import type { Platform } from './platform.js';

export interface ReviewDraft {
  readonly kind?: 'input' | 'output' | 'media';
  readonly user?: TestUser;
  readonly runId?: string;
  /** From now; negative: overdue. */
  readonly dueMinutes?: number;
}

/** An item of the queue, as the platform writes it when a judgement asks for a person. @returns its id */
export async function putReview(platform: Platform, tenant: TestTenant, draft: ReviewDraft = {}): Promise<string> {
  const id = randomUUID();
  await platform.sql(
    `INSERT INTO reviews (tenant_id, id, natural_key, kind, state, user_id, run_id, label, reason, due_at) VALUES ($1, $2, $3, $4, 'waiting', $5, $6, 'politics', 'near a threshold', now() + $7 * interval '1 minute')`,
    [tenant.id, id, id, draft.kind ?? 'input', draft.user?.id ?? null, draft.runId ?? null, draft.dueMinutes ?? 60],
  );
  return id;
}

/** A tenant with one of its users, and two members of staff who work there. */
export interface Scene {
  readonly tenant: TestTenant;
  readonly user: TestUser;
  readonly anna: Reviewer;
  readonly other: Reviewer;
}

/** A scene of its own. @param staff the platform's admin, who is anna. @param other token of another member of staff */
export async function makeScene(platform: Platform, staff: string, other: string): Promise<Scene> {
  const tenant = await makeTenant(platform, staff);
  return { tenant, user: await logIn(platform, tenant), anna: new Reviewer(platform, tenant, staff), other: new Reviewer(platform, tenant, other) };
}

/** A member of staff at work in one tenant. */
export class Reviewer {
  constructor(private readonly platform: Platform, private readonly tenant: TestTenant, private readonly token: string) {}

  async act(reviewId: string, verb: 'claim' | 'release' | 'approve' | 'reject', note?: string): Promise<Answer> {
    const body = verb === 'claim' || verb === 'release' ? undefined : { ...(note === undefined ? {} : { note }) };
    return this.platform.api.post(this.path(`reviews/${reviewId}/${verb}`), body, { token: this.token });
  }

  /** Claims and decides; both must be good. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the API answers
  async decide(reviewId: string, verb: 'approve' | 'reject', note?: string): Promise<any> {
    for (const step of ['claim', verb] as const) {
      const answer = await this.act(reviewId, step, note);
      if (answer.status !== 200) throw new Error(`${step} answered ${answer.status}: ${answer.text}`);
      if (step === verb) return answer.body;
    }
  }

  /** Finds a message of the user offending; the same run again is the same offence. */
  async findOffending(user: TestUser, runId: string = randomUUID()): Promise<string> {
    await this.decide(await putReview(this.platform, this.tenant, { user, runId }), 'reject');
    return runId;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  async get(path: string): Promise<any> {
    return this.platform.api.ok('GET', this.path(path), { token: this.token });
  }

  async post(path: string, body?: unknown): Promise<Answer> {
    return this.platform.api.post(this.path(path), body, { token: this.token });
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  async put(path: string, body: unknown): Promise<any> {
    return this.platform.api.ok('PUT', this.path(path), { token: this.token, body });
  }

  private path(rest: string): string {
    return `/admin/v1/tenants/${this.tenant.id}/${rest}`;
  }
}
