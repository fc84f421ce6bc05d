import { defineConfig } from 'vitest/config';

/**
 * Three projects: `unit` stands beside the files and needs no server; `local`
 * forks engines of local models, `model:engine` installed or a stand-in; `e2e`
 * drives built processes over HTTP against servers that its set-up starts.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.spec.ts', 'simulators/**/*.spec.ts', 'launch/**/*.spec.ts', 'migrations/**/*.spec.ts', 'bench/**/*.spec.ts', 'models/**/*.spec.ts'],
          setupFiles: ['test/kit/reflect.ts'],
        },
      },
      {
        test: {
          name: 'local',
          include: ['test/local/**/*.spec.ts'],
          setupFiles: ['test/kit/reflect.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.ts'],
          globalSetup: ['test/kit/servers.ts'],
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
