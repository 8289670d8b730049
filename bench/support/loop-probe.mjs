// Loaded into a service with --import: how late its event loop is, and how long its garbage collector stops it. Each SIGWINCH, which means
// nothing to a service, writes what was seen since the last one to the file LOOP_PROBE names.
import { renameSync, writeFileSync } from 'node:fs'
import { constants, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

const file = process.env.LOOP_PROBE
const RESOLUTION_MS = 1
const KINDS = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weak',
}

if (isMainThread && file !== undefined) watch()

function watch() {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let pauses = []
  new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries()) pauses.push({ ms: duration, kind: KINDS[detail.kind] })
  }).observe({ entryTypes: ['gc'] })
  let cpu = process.cpuUsage()
  let sinceMs = performance.now()
  process.on('SIGWINCH', () => {
    // A turn later than its time by so much; the histogram holds the whole turn.
    const late = (ns) => Math.max(0, ns - RESOLUTION_MS * 1e6)
    const { user, system } = process.cpuUsage(cpu)
    const seen = {
      seconds: (performance.now() - sinceMs) / 1e3,
      cpuMs: (user + system) / 1e3,
      delayNs: { p50: late(delay.percentile(50)), p99: late(delay.percentile(99)), max: late(delay.max) },
      pauses,
    }
    pauses = []
    cpu = process.cpuUsage()
    sinceMs = performance.now()
    delay.reset()
    writeFileSync(`${file}.new`, JSON.stringify(seen))
    renameSync(`${file}.new`, file)
  })
}
