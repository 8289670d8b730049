/** Figures of this process, gathered without keeping the event loop busy. */

import { performance } from 'node:perf_hooks'
import { descriptorLimit, openDescriptors } from '../../base/descriptors.js'
import type { ProcessFacts } from './facts.js'

const US_PER_SECOND = 1_000_000
const MS_PER_SECOND = 1_000

export async function processFacts(): Promise<ProcessFacts> {
  const [openFds, maxFds, lagSeconds] = await Promise.all([openDescriptors(), descriptorLimit(), lag()])
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage()
  return {
    cpuSeconds: (user + system) / US_PER_SECOND,
    residentBytes: rss,
    openFds,
    maxFds,
    startSeconds: performance.timeOrigin / MS_PER_SECOND,
    lagSeconds,
    heapUsedBytes: heapUsed,
    heapTotalBytes: heapTotal,
    externalBytes: external,
  }
}

function lag(): Promise<number> {
  const beganMs = performance.now()
  return new Promise((resolve) => setImmediate(() => resolve((performance.now() - beganMs) / MS_PER_SECOND)))
}
