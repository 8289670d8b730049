/** How long the collection of garbage held up this thread, by kind; counted from the start on. */

import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { type Durations, Histogram } from '../base/histogram.js'

const KINDS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
}

/** The types of Node do not know the detail. */
type Collection = PerformanceEntry & { readonly detail?: { readonly kind?: number } }

export class Collections {
  readonly #observer: PerformanceObserver
  readonly #byKind = new Map(Object.values(KINDS).map((kind) => [kind, new Histogram()]))

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const { duration, detail } of list.getEntries() as readonly Collection[]) {
        const kind = KINDS[detail?.kind ?? -1]
        if (kind !== undefined) this.#byKind.get(kind)?.add(duration)
      }
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  get durations(): Readonly<Record<string, Durations>> {
    return Object.fromEntries([...this.#byKind].map(([kind, histogram]) => [kind, histogram.durations]))
  }

  stop(): void {
    this.#observer.disconnect()
  }
}
