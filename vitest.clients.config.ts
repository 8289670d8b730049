import { defineConfig } from 'vitest/config'

/** Well-known clients on the stream; `test/clients/run.sh` sees to it that they are there. */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // A client of one file beside one of another: more would only measure each other on two cores.
    maxWorkers: 2,
  },
})
