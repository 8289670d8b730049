/** Is the service well, and why not: the contract's table of signals (json-rpc-api §9.5 `get_status`). Pure. */

import type { Load } from '../base/load.js'
import type { CallQuality } from './call-window.js'

export type HealthWord = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY'
export type ComponentWord = 'RUNNING' | 'STOPPED' | 'ERROR' | 'STARTING' | 'STOPPING'

export interface HealthSignals {
  readonly components: Readonly<Record<string, ComponentWord>>
  readonly memoryUsedPercent: number
  readonly connections: number
  /** Undefined when it cannot be found out. */
  readonly storageFreePercent: number | undefined
  /** Of the last minute; undefined when there were too few calls. */
  readonly calls?: CallQuality | undefined
  /** Timers, sockets and threads of the process. */
  readonly tasks?: number
  /** Why nothing can be stored; undefined when it can. */
  readonly storageFault?: string | undefined
  /** Stage 1 and 2 of what the service gives up for want of room. */
  readonly load?: Load
}

export interface HealthThresholds {
  readonly memoryUsagePercent: number
  readonly connectionsLimit: number
  readonly errorRatePercent: number
  readonly averageResponseMs: number
  readonly tasksLimit: number
}

export interface Health {
  readonly status: HealthWord
  /** One short sentence per signal that is not well. */
  readonly reasons: readonly string[]
  /** The same, apart for what is a component and what is load. */
  readonly parts: Readonly<Record<'components' | 'load', HealthWord>>
}

/** Beyond the threshold by so much is UNHEALTHY. */
const MEMORY_MARGIN_PERCENT = 5
const CONNECTIONS_MARGIN = 50
/** So many times the threshold. */
const CALLS_FACTOR = 2
const TASKS_FACTOR = 1.2
const STORAGE_DEGRADED_PERCENT = 30
const STORAGE_UNHEALTHY_PERCENT = 15

/** The worst signal wins. A component that is STOPPED on purpose does not count. */
export function assessHealth(signals: HealthSignals, thresholds: HealthThresholds): Health {
  const found: { readonly word: HealthWord; readonly reason: string; readonly part: 'components' | 'load' | 'storage' }[] = []
  for (const [name, word] of Object.entries(signals.components)) {
    if (word === 'ERROR' || word === 'STARTING')
      found.push({ part: 'components', word: 'DEGRADED', reason: `${name} is ${word}` })
  }
  const { memoryUsedPercent: memory, connections, storageFreePercent: free } = signals
  if (memory >= thresholds.memoryUsagePercent) {
    const word = memory > thresholds.memoryUsagePercent + MEMORY_MARGIN_PERCENT ? 'UNHEALTHY' : 'DEGRADED'
    found.push({ part: 'load', word, reason: `memory is ${memory.toFixed(0)} % used` })
  }
  if (connections >= thresholds.connectionsLimit) {
    const word = connections > thresholds.connectionsLimit + CONNECTIONS_MARGIN ? 'UNHEALTHY' : 'DEGRADED'
    found.push({ part: 'load', word, reason: `${connections} connections are open` })
  }
  const over = (value: number, limit: number, factor: number, reason: string): void => {
    if (value >= limit) found.push({ part: 'load', word: value > limit * factor ? 'UNHEALTHY' : 'DEGRADED', reason })
  }
  const { errorPercent = 0, meanMs = 0 } = signals.calls ?? {}
  over(errorPercent, thresholds.errorRatePercent, CALLS_FACTOR, `${errorPercent.toFixed(0)} % of the calls fail unexpectedly`)
  over(meanMs, thresholds.averageResponseMs, CALLS_FACTOR, `calls take ${meanMs.toFixed(0)} ms in the mean`)
  const { tasks = 0 } = signals
  over(tasks, thresholds.tasksLimit, TASKS_FACTOR, `${tasks} tasks are under way`)
  if (free !== undefined && free <= STORAGE_DEGRADED_PERCENT) {
    const word = free < STORAGE_UNHEALTHY_PERCENT ? 'UNHEALTHY' : 'DEGRADED'
    found.push({ part: 'storage', word, reason: `${free.toFixed(0)} % of the storage is free` })
  }
  if (signals.storageFault !== undefined)
    found.push({ part: 'storage', word: 'DEGRADED', reason: `storage: ${signals.storageFault}` })
  if (signals.load !== undefined && signals.load.stage > 0) {
    const word = signals.load.stage === 2 ? 'UNHEALTHY' : 'DEGRADED'
    found.push({ part: 'load', word, reason: `overloaded: ${signals.load.reasons.join(', ')}` })
  }
  const worst = (items: typeof found): HealthWord =>
    (['UNHEALTHY', 'DEGRADED'] as const).find((word) => items.some((item) => item.word === word)) ?? 'HEALTHY'
  const of = (part: string): HealthWord => worst(found.filter((item) => item.part === part))
  return {
    status: worst(found),
    reasons: found.map((item) => item.reason),
    parts: { components: of('components'), load: of('load') },
  }
}
