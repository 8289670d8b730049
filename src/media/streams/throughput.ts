/** Bits per second of each path, from the byte counters of two looks a second or more apart. */

import type { Clock } from '../../base/clock.js'
import type { RuntimePath } from '../api/wire.js'

interface Sample {
  readonly bytes: number
  readonly atMs: number
  readonly bitsPerSecond: number
}

const MIN_INTERVAL_MS = 1_000

export class Throughput {
  readonly #clock: Clock
  readonly #samples = new Map<string, Sample>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  observe(paths: ReadonlyMap<string, RuntimePath>): void {
    for (const name of this.#samples.keys()) if (paths.get(name)?.available !== true) this.#samples.delete(name)
    const atMs = this.#clock.nowMs()
    for (const path of paths.values()) {
      if (!path.available) continue
      const last = this.#samples.get(path.name)
      // The counters restart from zero each time the path becomes available.
      if (last === undefined || path.inboundBytes < last.bytes) {
        this.#samples.set(path.name, { bytes: path.inboundBytes, atMs, bitsPerSecond: 0 })
      } else if (atMs - last.atMs >= MIN_INTERVAL_MS) {
        const bitsPerSecond = Math.round(((path.inboundBytes - last.bytes) * 8000) / (atMs - last.atMs))
        this.#samples.set(path.name, { bytes: path.inboundBytes, atMs, bitsPerSecond })
      }
    }
  }

  bitsPerSecond(path: string): number {
    return this.#samples.get(path)?.bitsPerSecond ?? 0
  }
}
