import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LaunchError } from './launch-error.js';

/** Everything secret that the embedded default makes once and keeps. */
export interface Secrets {
  /** 32 bytes, base64: seals tenants' credentials. */
  readonly masterKey: string;
  readonly jwtSecret: string;
  /** Hexadecimal, so that they stand in URLs and configuration files as they are. */
  readonly postgresPassword: string;
  readonly redisPassword: string;
  /** AppSecret of the demo tenant at the WeChat simulator. */
  readonly demoAppSecret: string;
}

/**
 * Reads `secrets.json` of the data folder, or makes it (mode 0600) when the
 * folder is new. Throws LaunchError when the file is damaged, or missing
 * although data that needs it is there: new secrets would lock that data for good.
 */
export function openSecrets(dataDir: string): Secrets & { readonly fresh: boolean } {
  const path = join(dataDir, 'secrets.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new LaunchError(`无法读取密钥文件 ${path}，请检查它的权限。`, `The secrets in ${path} cannot be read; check its permissions.`);
    }
    if (existsSync(join(dataDir, 'postgres', 'PG_VERSION'))) {
      throw new LaunchError(
        `${path} 不见了，而 ${dataDir} 里已有数据：请恢复该文件，或换一个空的 DATA_DIR。`,
        `${path} is missing although ${dataDir} holds data: restore the file, or choose an empty DATA_DIR.`,
      );
    }
    const secrets = makeSecrets();
    writeSecretFile(path, `${JSON.stringify(secrets, undefined, 2)}\n`);
    return { ...secrets, fresh: true };
  }
  const secrets = parseSecrets(text);
  if (!secrets) {
    throw new LaunchError(
      `${path} 已损坏：请从备份恢复，或换一个空的 DATA_DIR。`,
      `${path} is damaged: restore it from a backup, or choose an empty DATA_DIR.`,
    );
  }
  return { ...secrets, fresh: false };
}

/** New random secrets. */
export function makeSecrets(): Secrets {
  return {
    masterKey: randomBytes(32).toString('base64'),
    jwtSecret: randomBytes(48).toString('base64url'),
    postgresPassword: randomBytes(24).toString('hex'),
    redisPassword: randomBytes(24).toString('hex'),
    demoAppSecret: randomBytes(16).toString('hex'),
  };
}

/** The secrets of a file's text, or undefined when one is missing or not of its form. */
export function parseSecrets(text: string): Secrets | undefined {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof raw !== 'object' || raw === null) return undefined;
  const found = raw as Record<string, unknown>;
  const take = (name: keyof Secrets): string => (typeof found[name] === 'string' ? found[name] : '');
  const secrets: Secrets = {
    masterKey: take('masterKey'),
    jwtSecret: take('jwtSecret'),
    postgresPassword: take('postgresPassword'),
    redisPassword: take('redisPassword'),
    demoAppSecret: take('demoAppSecret'),
  };
  const whole = Object.values(secrets).every((value) => value !== '') && Buffer.from(secrets.masterKey, 'base64').length === 32;
  return whole ? secrets : undefined;
}

/** Writes whole or not at all: a start that is cut off here must not leave half a key. */
export function writeSecretFile(path: string, text: string): void {
  const part = `${path}.part`;
  const file = openSync(part, 'w', 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, path);
}
