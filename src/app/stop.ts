/** The end of the service: all parts in reverse order, but no part holds up the cameras (camera-server contract §8.3). */

import type { Clock } from '../base/clock.js'
import { type Service, type StopReport, stopAll } from '../base/lifecycle.js'
import type { Logger } from '../base/logger.js'

export interface StopOptions {
  /** Before all: nothing new is begun, and what is under way gets its time, frames included. Bounded by itself. */
  readonly first?: () => Promise<unknown>
  /** In the order of their start. */
  readonly order: readonly Service[]
  readonly cameras: Pick<Service, 'stop'>
  readonly deadlineMs: number
  readonly clock: Clock
  readonly logger: Logger
}

/** Time for viewers to get their closing boundary and for publishers to end; then capture stops whatever they do. */
const HEAD_START_MS = 400

export async function stopServices({ first, order, cameras, ...options }: StopOptions): Promise<StopReport> {
  // What fails of it is told where its turn comes.
  await first?.().catch(() => undefined)
  const cancel = options.clock.after(HEAD_START_MS, () => {
    // Its failure is told where its turn comes.
    cameras.stop().catch(() => undefined)
  })
  try {
    return await stopAll(order, options)
  } finally {
    cancel()
  }
}
