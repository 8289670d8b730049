/** What scans have found, and when. One scan runs at a time. */

import { type Clock, timestamp } from '../base/clock.js'
import { type Counts, Tally } from '../base/tally.js'
import { parseAddress } from './address.js'
import { type Knock, type Place, scan } from './scanner.js'
import { genericTargets, skydioTargets } from './targets.js'
import type { Candidate, ExternalStream, GenericTargets, SkydioTargets, Target } from './types.js'

export interface DiscoveryOptions {
  readonly skydio: SkydioTargets
  readonly generic: GenericTargets
  readonly concurrency: number
  /** For a whole scan. */
  readonly timeoutMs: number
  readonly clock: Clock
  readonly knock?: Knock
}

export interface Families {
  readonly skydio: boolean
  readonly generic: boolean
}

export interface Scanned {
  /** What was found, and what was found earlier and is gone. By address. */
  readonly found: ReadonlyMap<string, Sighting>
  readonly families: Families
  readonly startedWallMs: number
  readonly endedMs: number
  readonly durationMs: number
  readonly errors: readonly string[]
}

export interface Sighting {
  readonly candidate: Candidate
  readonly firstWallMs: number
  readonly lastWallMs: number
  readonly online: boolean
}

export interface DiscoveryFigures {
  /** `complete`; `incomplete`: its time was too short; `failed`: it was cancelled, or could not be made. */
  readonly scans: Counts
  /** Streams ever found, by whether the last scan for them found them. */
  readonly streams: { readonly online: number; readonly gone: number }
}

/** A place that is only looked after, without something new to find there. */
export interface Watched extends Place {
  readonly key: string
}

export class Discovery {
  readonly #options: DiscoveryOptions
  readonly #scans = new Tally()
  #sightings = new Map<string, Sighting>()
  #last: Scanned | undefined
  #running: AbortController | undefined

  constructor(options: DiscoveryOptions) {
    this.#options = options
  }

  get running(): boolean {
    return this.#running !== undefined
  }

  /** The last one that ended. */
  get last(): Scanned | undefined {
    return this.#last
  }

  /** Everything ever found by this run of the service. */
  get sightings(): ReadonlyMap<string, Sighting> {
    return this.#sightings
  }

  get figures(): DiscoveryFigures {
    const online = [...this.#sightings.values()].filter((sighting) => sighting.online).length
    return { scans: this.#scans.counts, streams: { online, gone: this.#sightings.size - online } }
  }

  forget(key: string): void {
    this.#sightings.delete(key)
  }

  cancel(): void {
    this.#running?.abort()
  }

  /** `open` of the watched ones is told, too. The caller has seen to it that none runs. Rejects when it was cancelled. */
  async scan(families: Families, watched: readonly Watched[]): Promise<{ scanned: Scanned; open: ReadonlySet<string> }> {
    const { clock, concurrency, timeoutMs, knock } = this.#options
    const abort = new AbortController()
    this.#running = abort
    const startedMs = clock.nowMs()
    const startedWallMs = clock.wallMs()
    let outcome = 'failed'
    try {
      const targets: (Target | Watched)[] = [...watched, ...this.#targets(families)]
      const result = await scan(targets, { concurrency, timeoutMs, clock, signal: abort.signal, ...(knock && { knock }) })
      abort.signal.throwIfAborted()
      const wallMs = clock.wallMs()
      this.#note(
        result.open.flatMap((place) => ('candidates' in place ? place.candidates : [])),
        families,
        wallMs,
      )
      const errors =
        result.untried === 0
          ? []
          : [
              `${result.untried} of ${targets.length} addresses were not tried within ${timeoutMs / 1000} s: ` +
                'raise external_discovery.scan_timeout or external_discovery.max_concurrent_scans, or narrow the ranges',
            ]
      const endedMs = clock.nowMs()
      const scanned = {
        found: new Map(this.#sightings),
        families,
        startedWallMs,
        endedMs,
        durationMs: endedMs - startedMs,
        errors,
      }
      this.#last = scanned
      outcome = errors.length === 0 ? 'complete' : 'incomplete'
      return { scanned, open: new Set(result.open.flatMap((place) => ('key' in place ? [place.key] : []))) }
    } finally {
      this.#scans.add(outcome)
      this.#running = undefined
    }
  }

  #targets({ skydio, generic }: Families): readonly Target[] {
    const { skydio: uav, generic: others } = this.#options
    return [...(skydio ? skydioTargets(uav) : []), ...(generic ? genericTargets(others) : [])]
  }

  #note(found: readonly Candidate[], families: Families, wallMs: number): void {
    const looked = (candidate: Candidate): boolean => (candidate.type === 'generic_rtsp' ? families.generic : families.skydio)
    const next = new Map<string, Sighting>()
    for (const [key, sighting] of this.#sightings) {
      next.set(key, looked(sighting.candidate) ? { ...sighting, online: false } : sighting)
    }
    for (const candidate of found) {
      const { key } = parseAddress(candidate.url, 'url')
      const firstWallMs = next.get(key)?.firstWallMs ?? wallMs
      next.set(key, { candidate, firstWallMs, lastWallMs: wallMs, online: true })
    }
    this.#sightings = next
  }
}

export function sightingView({ candidate, firstWallMs, lastWallMs, online }: Sighting): ExternalStream {
  const { url, type, name, capabilities } = candidate
  return {
    url,
    type,
    name,
    status: online ? 'DISCOVERED' : 'ERROR',
    discovered_at: timestamp(firstWallMs),
    last_seen: timestamp(lastWallMs),
    capabilities,
  }
}
