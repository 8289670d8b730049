import { defineConfig } from 'vitest/config'

/** Tests of the page in a real browser; `test/browser/run.sh` sees to it that there is one. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A browser and a service at a time: on two cores more would only measure each other.
    maxWorkers: 1,
  },
})
