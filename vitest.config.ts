import { defineConfig } from 'vitest/config';

/**
 * Two projects: `unit` stands beside the files and needs no server; `e2e`
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
