// Times functions of this process with tinybench: every task once per round, the order rotated.
import { Bench } from 'tinybench'

/** Calls per sample: below that the clock costs more than what it measures. */
const BATCH = 64

/**
 * `tasks`: name → function of a running number, which may answer a promise. Answers name → nanoseconds per call, one per round: the
 * median of the samples of the round.
 */
export async function timeTasks(tasks, { rounds, timeMs }) {
  const names = Object.keys(tasks)
  const values = Object.fromEntries(names.map((name) => [name, []]))
  const counters = Object.fromEntries(names.map((name) => [name, 0]))
  for (let round = -1; round < rounds; round++) {
    const bench = new Bench({ time: timeMs, warmup: round < 0, warmupTime: 4 * timeMs, retainSamples: false })
    for (let i = 0; i < names.length; i++) {
      const name = names[(Math.max(0, round) + i) % names.length]
      bench.add(name, batched(tasks[name], counters, name))
    }
    await bench.run()
    // The first one only warms up.
    if (round < 0) continue
    for (const { name, result } of bench.tasks) {
      if (result.error !== undefined) throw result.error
      values[name].push((result.latency.p50 * 1e6) / BATCH)
    }
  }
  return values
}

function batched(task, counters, name) {
  if (task.constructor.name === 'AsyncFunction') {
    return async () => {
      for (let i = 0; i < BATCH; i++) await task(counters[name]++)
    }
  }
  return () => {
    let at = counters[name]
    for (let i = 0; i < BATCH; i++) task(at++)
    counters[name] = at
  }
}

/** Bytes of the heap that one call leaves behind. The young generation must be large enough to hold those of all. */
export function bytesPerCall(task, calls = 20_000) {
  for (let i = 0; i < calls; i++) task(i)
  global.gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < calls; i++) task(i)
  return Math.max(0, Math.round((process.memoryUsage().heapUsed - before) / calls))
}
