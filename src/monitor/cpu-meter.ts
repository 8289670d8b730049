/** How busy the processors of this machine are. */

import { cpus } from 'node:os'
import type { Clock } from '../base/clock.js'

/** Milliseconds since the machine started, over all processors. */
export interface CpuTimes {
  readonly busyMs: number
  readonly allMs: number
}

/** A shorter span says nothing: the kernel counts in hundredths of a second. */
const SHORTEST_MS = 250

/** Share of time since the last question, 0 to 100. Questions in quick succession get the same answer. */
export class CpuMeter {
  readonly #clock: Clock
  readonly #read: () => CpuTimes
  #last: CpuTimes
  #lastMs: number
  #percent = 0

  constructor(clock: Clock, read: () => CpuTimes = readCpuTimes) {
    this.#clock = clock
    this.#read = read
    this.#last = read()
    this.#lastMs = clock.nowMs()
  }

  get percent(): number {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#lastMs < SHORTEST_MS) return this.#percent
    const times = this.#read()
    const span = times.allMs - this.#last.allMs
    // Counters of a processor that was switched off start anew.
    if (span > 0) this.#percent = Math.min(100, Math.max(0, (100 * (times.busyMs - this.#last.busyMs)) / span))
    this.#last = times
    this.#lastMs = nowMs
    return this.#percent
  }
}

export function readCpuTimes(): CpuTimes {
  let busyMs = 0
  let allMs = 0
  for (const { times } of cpus()) {
    const busy = times.user + times.nice + times.sys + times.irq
    busyMs += busy
    allMs += busy + times.idle
  }
  return { busyMs, allMs }
}
