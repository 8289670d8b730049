/** Is the service well, and why not: the contract's table of signals (json-rpc-api §9.5 `get_status`). Pure. */

export type HealthWord = 'HEALTHY' | 'DEGRADED' | 'UNHEALTHY'
export type ComponentWord = 'RUNNING' | 'STOPPED' | 'ERROR' | 'STARTING' | 'STOPPING'

export interface HealthSignals {
  readonly components: Readonly<Record<string, ComponentWord>>
  readonly memoryUsedPercent: number
  readonly connections: number
  /** Undefined when it cannot be found out. */
  readonly storageFreePercent: number | undefined
  /** Why nothing can be stored; undefined when it can. */
  readonly storageFault?: string | undefined
}

export interface HealthThresholds {
  readonly memoryUsagePercent: number
  readonly connectionsLimit: number
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
  if (free !== undefined && free <= STORAGE_DEGRADED_PERCENT) {
    const word = free < STORAGE_UNHEALTHY_PERCENT ? 'UNHEALTHY' : 'DEGRADED'
    found.push({ part: 'storage', word, reason: `${free.toFixed(0)} % of the storage is free` })
  }
  if (signals.storageFault !== undefined)
    found.push({ part: 'storage', word: 'DEGRADED', reason: `storage: ${signals.storageFault}` })
  const worst = (items: typeof found): HealthWord =>
    (['UNHEALTHY', 'DEGRADED'] as const).find((word) => items.some((item) => item.word === word)) ?? 'HEALTHY'
  const of = (part: string): HealthWord => worst(found.filter((item) => item.part === part))
  return {
    status: worst(found),
    reasons: found.map((item) => item.reason),
    parts: { components: of('components'), load: of('load') },
  }
}
