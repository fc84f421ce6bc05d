import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { systemPlatformContext, type PlatformContext } from '../../platform/context/index.js';
import { randomToken } from '../../platform/crypto/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId } from '../../platform/values/index.js';
import type { Caller } from '../guard/caller.js';
import { STAFF_ADDRESS_LIMIT, STAFF_EMAIL_LIMIT } from '../limits/limit.js';
import { RateLimits } from '../limits/rate-limits.service.js';
import { SignedTokens } from '../sessions/signed-tokens.js';
import { Passwords } from './passwords.js';
import type { Staff, StaffRole } from './staff.js';
import { StaffRepository } from './staff.repository.js';

const TOKEN_SECONDS = 3_600;
const AUDIENCE = 'platform';

/** The people who run the platform. */
@Injectable()
export class StaffService implements OnApplicationBootstrap {
  private readonly tokens: SignedTokens;
  private readonly passwords = new Passwords();

  constructor(
    private readonly database: Database,
    private readonly repository: StaffRepository,
    private readonly limits: RateLimits,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.tokens = new SignedTokens(config.jwtSecret, 'staff', TOKEN_SECONDS, 1_000);
  }

  /** Makes the first admin where there is no staff at all. A password that nobody chose is printed, this once. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.config.role === 'worker') return;
    const ctx = systemPlatformContext('bootstrap admin', newId());
    if (!(await this.database.readPlatform(ctx, (tx) => this.repository.isEmpty(tx)))) return;
    const { email, password } = this.config.bootstrapAdmin;
    const chosen = password ?? randomToken(18);
    const passwordHash = await this.passwords.hash(chosen);
    const made = await this.database.inPlatform(ctx, (tx) => this.repository.insert(tx, { id: newId(), email: email.toLowerCase(), passwordHash, role: 'platform_admin' }));
    if (made && password === undefined) process.stdout.write(`BOOTSTRAP ADMIN PASSWORD: ${chosen} (for ${email.toLowerCase()}, shown once)\n`);
  }

  /** @throws conflict (param `email`) when somebody has it; rate_limited */
  async create(ctx: PlatformContext, draft: { readonly email: string; readonly password: string; readonly role: StaffRole }): Promise<Staff> {
    const { role } = draft;
    const [id, email, passwordHash] = [newId(), draft.email.toLowerCase(), await this.passwords.hash(draft.password)];
    if (!(await this.database.inPlatform(ctx, (tx) => this.repository.insert(tx, { id, email, passwordHash, role })))) throw new DomainError('conflict', { param: 'email', message: 'email is taken (该邮箱已有账号)' });
    return { id, email, role, disabled: false };
  }

  /** Whoever is disabled is refused from the next request on. Nobody can disable himself: somebody must be left. @throws not_found (param `staff_id`), conflict */
  async disable(ctx: PlatformContext, id: string): Promise<Staff> {
    if (ctx.actor.kind === 'staff' && ctx.actor.staffId === id) throw new DomainError('conflict', { param: 'staff_id', message: 'nobody can disable himself (不能停用自己的账号)' });
    const staff = await this.database.inPlatform(ctx, (tx) => this.repository.disable(tx, id));
    if (staff === undefined) throw new DomainError('not_found', { param: 'staff_id' });
    return staff;
  }

  /** Everybody, oldest first. */
  async list(ctx: PlatformContext): Promise<readonly Staff[]> {
    return this.database.readPlatform(ctx, (tx) => this.repository.all(tx));
  }

  /**
   * A token for an hour. Unknown emails take as long as wrong passwords, and are refused in the same words.
   * @throws unauthenticated, rate_limited
   */
  async login(caller: Caller, email: string, password: string): Promise<{ readonly accessToken: string; readonly expiresIn: number }> {
    const name = email.toLowerCase();
    await this.limits.take(STAFF_ADDRESS_LIMIT, AUDIENCE, caller.ip);
    await this.limits.takeNamed(STAFF_EMAIL_LIMIT, AUDIENCE, name);
    const ctx = systemPlatformContext('staff login', caller.requestId);
    const found = await this.database.readPlatform(ctx, (tx) => this.repository.byEmail(tx, name));
    const right = await this.passwords.matches(found?.passwordHash, password);
    if (found === undefined || !right || found.staff.disabled) throw new DomainError('unauthenticated', { message: '邮箱或密码不正确 (the email or the password is not right)' });
    await this.database.inPlatform(ctx, (tx) => this.repository.noteLogin(tx, found.staff.id));
    await this.limits.forgive(STAFF_EMAIL_LIMIT, AUDIENCE, name);
    return { accessToken: await this.tokens.issue(found.staff.id, AUDIENCE, newId()), expiresIn: this.tokens.life };
  }

  /** Whose token this is; undefined when it is not good, or its owner was disabled. Asks the database each time: staff are few, and what they may do is much. */
  async authenticate(token: string, requestId: string): Promise<Staff | undefined> {
    const claims = await this.tokens.verify(token);
    if (claims?.audience !== AUDIENCE) return undefined;
    const staff = await this.database.readPlatform(systemPlatformContext('staff check', requestId), (tx) => this.repository.byId(tx, claims.subject));
    return staff?.disabled === false ? staff : undefined;
  }
}
