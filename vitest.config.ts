import { defineConfig } from 'vitest/config'

/** They compare times of a few milliseconds, or take all of a processor: nothing of ours runs beside them. */
const TIMED = [
  'test/integration/camera-scale.test.ts',
  'test/integration/media-service.test.ts',
  'test/integration/process-*.test.ts',
  'test/integration/rpc-rows.test.ts',
  'test/integration/security-floods.test.ts',
  'test/unit/auth/guessing.test.ts',
  'test/unit/snapshots/worker-faults.test.ts',
]

export default defineConfig({
  test: {
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/patience.ts'],
    expect: { poll: { timeout: 15_000, interval: 20 } },
    // Whole processes are started, some of them on a slow machine; what has a bound measures it.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/{unit,contract,native,integration}/**/*.test.ts'],
          exclude: TIMED,
          // Most of them wait for most of their time.
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'alone', include: TIMED, maxWorkers: 1, sequence: { groupOrder: 1 } } },
    ],
  },
})
