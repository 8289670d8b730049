import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/{unit,contract,native,integration}/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Tests wait for real processes for half of their time: one more than there are cores.
    maxWorkers: 3,
  },
})
