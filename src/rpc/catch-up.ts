/** What a client that comes back has missed, told from its own numbers (reliability-security §1.1). Pure but for the log. */

import type { EventLog, LoggedEvent } from './event-log.js'
import type { Filter } from './filters.js'

/** Where a client says it left off. */
export interface LeftOff {
  readonly epoch: string | undefined
  /** Of the newest event it has: of each topic, or one number for all of them. */
  readonly sinceSeq: number | Readonly<Record<string, number>> | undefined
}

export interface MissedEvent {
  /** The name it goes out under. */
  readonly name: string
  readonly event: LoggedEvent
}

/** More than this is no gap to fill: the state of now says it in less. */
const MAX_MISSED = 4096

/** In the order in which they happened, each once; undefined: only a fresh look at everything helps. */
export function missedEvents(
  log: EventLog,
  names: Iterable<string>,
  filter: Filter | undefined,
  { epoch, sinceSeq }: LeftOff,
): readonly MissedEvent[] | undefined {
  if (epoch !== log.epoch || sinceSeq === undefined) return undefined
  const byOrder = new Map<number, MissedEvent>()
  for (const name of names) {
    const since = typeof sinceSeq === 'number' ? sinceSeq : ownNumber(sinceSeq, name)
    // A topic without a number is new to this client, and one whose events have none cannot be behind.
    if (since === undefined || log.last(name) === undefined) continue
    const missed = log.after(name, since)
    if (missed === undefined) return undefined
    for (const event of missed) {
      if (filter?.(event.topic, event.payload) === false) continue
      // Known by several names it is told once, by its own when that is among them.
      if (event.topic === name || !byOrder.has(event.order)) byOrder.set(event.order, { name, event })
    }
    if (byOrder.size > MAX_MISSED) return undefined
  }
  return [...byOrder.values()].sort((a, b) => a.event.order - b.event.order)
}

function ownNumber(numbers: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(numbers, name) ? numbers[name] : undefined
}
