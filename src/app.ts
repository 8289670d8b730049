/** Builds every service and lists the boot order. */

import type { AppContext, AppHandle } from './cli/index.js'

export function createApp({ logger }: AppContext): AppHandle {
  return {
    banner: [],
    start: async () => logger.info({}, 'started'),
    stop: async () => ({ late: [] }),
  }
}
