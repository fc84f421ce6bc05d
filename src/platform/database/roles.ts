import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import { APP_ROLE, PLATFORM_ROLE, RUNNER_ROLE, rolePassword } from '../config/index.js';

/**
 * Makes the two roles that the app connects as, and sets their passwords. The
 * server gets SCRAM verifiers (RFC 5803), so that no password shows in its log.
 */
export async function prepareRoles(runner: QueryRunner, masterKey: Uint8Array): Promise<void> {
  const database = (await runner.query('SELECT current_database() AS name') as { name: string }[])[0]?.name ?? '';
  for (const role of [APP_ROLE, PLATFORM_ROLE]) {
    const exists = await runner.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [role]) as unknown[];
    if (exists.length === 0) await runner.query(`CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT`);
    await runner.query(`ALTER ROLE ${role} PASSWORD '${scramVerifier(rolePassword(masterKey, role))}'`);
    await runner.query(`GRANT CONNECT ON DATABASE "${database.replaceAll('"', '""')}" TO ${role}`);
    await runner.query(`GRANT USAGE ON SCHEMA public TO ${role}`);
  }
  await prepareRunner(runner);
}

/**
 * The role that owns the functions of the ledger and of a run's two writes. Nobody logs in as it; it is bound by
 * row-level security like the app. The migrating role must be a member to hand functions over to it.
 */
async function prepareRunner(runner: QueryRunner): Promise<void> {
  const exists = await runner.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [RUNNER_ROLE]) as unknown[];
  if (exists.length === 0) await runner.query(`CREATE ROLE ${RUNNER_ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOINHERIT`);
  await runner.query(`GRANT USAGE ON SCHEMA public TO ${RUNNER_ROLE}`);
  const member = (await runner.query(`SELECT pg_has_role(current_user, $1, 'MEMBER') AS yes`, [RUNNER_ROLE]) as { yes: boolean }[])[0]?.yes === true;
  if (!member) await runner.query(`GRANT ${RUNNER_ROLE} TO CURRENT_USER`);
}

/** `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, as PostgreSQL keeps it. */
function scramVerifier(password: string): string {
  const iterations = 4096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const sign = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(sign('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${sign('Server Key').toString('base64')}`;
}
