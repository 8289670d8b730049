/** Streams of other machines: looks for them, and keeps those that somebody added as paths of MediaMTX. */

import { timestamp } from '../base/clock.js'
import { errorText, invalidParam, ServiceError } from '../base/errors.js'
import type { Service } from '../base/lifecycle.js'
import { AddedStream, type AddedStreamOptions } from './added-stream.js'
import { parseAddress, type StreamAddress } from './address.js'
import {
  Discovery,
  type DiscoveryFigures,
  type DiscoveryOptions,
  type Families,
  type Scanned,
  sightingView,
} from './discovery.js'
import { pathFor } from './names.js'
import { ExternalStore, type KeptStream } from './store.js'
import type { ExternalStream, StreamType } from './types.js'

export interface ExternalOptions
  extends AddedStreamOptions,
    Pick<DiscoveryOptions, 'skydio' | 'generic' | 'concurrency' | 'timeoutMs' | 'knock'> {
  readonly enabled: boolean
  /** 0: only on request. */
  readonly scanIntervalMs: number
  readonly scanAtStart: boolean
  readonly stateDir: string
}

export interface DiscoverWish {
  readonly skydio_enabled: boolean
  readonly generic_enabled: boolean
  readonly force_rescan: boolean
  readonly include_offline: boolean
}

export interface Discovered {
  readonly discovered_streams: readonly ExternalStream[]
  readonly skydio_streams: readonly ExternalStream[]
  readonly generic_streams: readonly ExternalStream[]
  readonly scan_timestamp: string
  readonly total_found: number
  readonly discovery_options: DiscoverWish
  readonly scan_duration: string
  readonly errors: readonly string[]
}

export interface ExternalList {
  readonly external_streams: readonly ExternalStream[]
  readonly skydio_streams: readonly ExternalStream[]
  readonly generic_streams: readonly ExternalStream[]
  readonly total_count: number
  readonly timestamp: string
}

export interface NewStream {
  readonly url: string
  readonly name: string
  readonly type: StreamType
}

/** An answer so old is still good when nobody asks for a new one. */
const FRESH_MS = 30_000
/** Each is a path and, while read, a connection of MediaMTX. */
const MAX_ADDED = 256
const MAX_NAME_CHARS = 128

export class ExternalStreams implements Service {
  readonly name = 'external'
  readonly #options: ExternalOptions
  readonly #store: ExternalStore
  readonly #discovery: Discovery
  /** By address. */
  readonly #added = new Map<string, AddedStream>()
  #intervalMs: number
  #cancelNext: () => void = () => undefined
  #stopped = false
  /** Additions and removals, one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: ExternalOptions) {
    this.#options = options
    this.#store = new ExternalStore(options)
    this.#discovery = new Discovery(options)
    this.#intervalMs = options.scanIntervalMs
  }

  async start(): Promise<void> {
    const { enabled, scanAtStart, logger } = this.#options
    if (!enabled) return
    const streams = await this.#store.load()
    if (this.#stopped) return
    for (const kept of streams) {
      const address = addressOf(kept)
      if (address === undefined) {
        logger.warn({ stream: kept.path }, 'an external stream has an address that cannot be used; add it again')
        continue
      }
      const added = new AddedStream(kept, address, this.#options)
      this.#added.set(address.key, added)
      void added.reconnect()
    }
    if (scanAtStart) void this.#scanQuietly()
    this.#planNext()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelNext()
    this.#discovery.cancel()
    this.#closeAll()
    await this.#last
    // One that was just being added is among them only now.
    this.#closeAll()
  }

  /** Of the scans since the start. */
  get figures(): DiscoveryFigures {
    return this.#discovery.figures
  }

  /** Whether this is the device id of an added stream. */
  has(device: string): boolean {
    return this.#ofPath(device) !== undefined
  }

  /** Rejects with UNSUPPORTED (switched off) or INVALID_STATE (one runs). */
  async discover(wish: DiscoverWish): Promise<Discovered> {
    this.#demandEnabled()
    const { skydio, generic, clock } = this.#options
    const families = { skydio: wish.skydio_enabled && skydio.enabled, generic: wish.generic_enabled && generic.enabled }
    const last = this.#discovery.last
    if (!wish.force_rescan && last !== undefined && covers(last, families) && clock.nowMs() - last.endedMs < FRESH_MS) {
      return discovered(last, families, wish)
    }
    if (this.#discovery.running) {
      throw new ServiceError('INVALID_STATE', {
        data: { state: 'SCANNING', allowed_states: ['IDLE'] },
        details: 'a scan is running already',
        suggestion: 'call again when it has ended, or without force_rescan for its result',
      })
    }
    return discovered(await this.#scan(families), families, wish)
  }

  /** Rejects with UNSUPPORTED, INVALID_PARAMS, INVALID_STATE (the same address, too many), DEPENDENCY_FAILED. Then nothing has changed. */
  add({ url, name, type }: NewStream): Promise<{ readonly stream: ExternalStream; readonly addedAt: string }> {
    return this.#inTurn(async () => {
      this.#demandEnabled()
      const address = demandSound(url, name)
      if (this.#added.has(address.key)) {
        throw new ServiceError('INVALID_STATE', {
          data: { state: 'ADDED', allowed_states: ['REMOVED'] },
          details: 'a stream of this address is there already',
          suggestion: 'remove it first',
        })
      }
      if (this.#added.size >= MAX_ADDED) {
        throw new ServiceError('INVALID_STATE', {
          data: { state: 'FULL', allowed_states: ['ROOM'], limit: MAX_ADDED },
          details: `there are ${MAX_ADDED} external streams, which is the limit`,
          suggestion: 'remove one first',
        })
      }
      const path = pathFor(name, (taken) => this.#ofPath(taken) !== undefined)
      const kept = { url, name, type, path, addedAt: timestamp(this.#options.clock.wallMs()) }
      const added = new AddedStream(kept, address, this.#options)
      try {
        await added.connect()
        this.#added.set(address.key, added)
        await this.#save()
      } catch (thrown) {
        this.#added.delete(address.key)
        await added.withdraw()
        throw thrown
      }
      this.#options.logger.info({ stream: path, address: address.shown }, 'external stream added')
      return { stream: added.view(), addedAt: kept.addedAt }
    })
  }

  /** Rejects with UNSUPPORTED, INVALID_PARAMS, EXTERNAL_STREAM_NOT_FOUND, DEPENDENCY_FAILED (storage). The address as it is shown. */
  remove(url: string): Promise<{ readonly url: string }> {
    return this.#inTurn(async () => {
      this.#demandEnabled()
      const address = parseAddress(url, 'stream_url')
      const added = this.#added.get(address.key)
      if (added === undefined && !this.#discovery.sightings.has(address.key)) {
        throw new ServiceError('EXTERNAL_STREAM_NOT_FOUND', { data: { resource: 'external_stream', id: address.shown } })
      }
      this.#discovery.forget(address.key)
      if (added === undefined) return { url: address.shown }
      this.#added.delete(address.key)
      try {
        await this.#save()
      } catch (thrown) {
        this.#added.set(address.key, added)
        throw thrown
      }
      await added.withdraw()
      this.#options.logger.info({ stream: added.kept.path, address: added.address.shown }, 'external stream removed')
      return { url: added.address.shown }
    })
  }

  /** Switched off: nothing, without an error. */
  list(): ExternalList {
    const added = [...this.#added.values()].map((stream) => stream.view())
    const found = [...this.#discovery.sightings]
      .filter(([key]) => !this.#added.has(key))
      .map(([, sighting]) => sightingView(sighting))
    const streams = [...added, ...found]
    return {
      external_streams: streams,
      skydio_streams: streams.filter(isSkydio),
      generic_streams: streams.filter((stream) => !isSkydio(stream)),
      total_count: streams.length,
      timestamp: timestamp(this.#options.clock.wallMs()),
    }
  }

  /** Until the next start; 0: only on request. Throws UNSUPPORTED. */
  setInterval(intervalMs: number): void {
    this.#demandEnabled()
    this.#intervalMs = intervalMs
    this.#planNext()
  }

  async #scan(families: Families): Promise<Scanned> {
    const watched = [...this.#added.values()].flatMap(({ address: { key }, place }) => (place ? [{ key, ...place }] : []))
    let result: Awaited<ReturnType<Discovery['scan']>>
    try {
      result = await this.#discovery.scan(families, watched)
    } catch (thrown) {
      throw new ServiceError('INVALID_STATE', {
        data: { state: 'STOPPING', allowed_states: ['RUNNING'] },
        details: 'the scan was cancelled: the service stops',
        cause: thrown,
      })
    }
    for (const { key } of watched) this.#added.get(key)?.seen(result.open.has(key))
    return result.scanned
  }

  async #scanQuietly(): Promise<void> {
    if (this.#discovery.running) return
    const { skydio, generic, logger } = this.#options
    await this.#scan({ skydio: skydio.enabled, generic: generic.enabled }).catch((thrown: unknown) => {
      logger.debug({ error: errorText(thrown) }, 'the scan for external streams ended early')
    })
  }

  #closeAll(): void {
    for (const added of this.#added.values()) added.close()
  }

  /** A scan that the stop cancelled is followed by none. */
  #planNext(): void {
    this.#cancelNext()
    if (this.#stopped || this.#intervalMs === 0) return
    this.#cancelNext = this.#options.clock.after(this.#intervalMs, () => {
      void this.#scanQuietly().finally(() => this.#planNext())
    })
  }

  #demandEnabled(): void {
    if (this.#options.enabled) return
    throw new ServiceError('UNSUPPORTED', {
      data: { feature: 'external_discovery' },
      details: 'external streams are switched off',
      suggestion: 'set external_discovery.enabled to true',
    })
  }

  async #save(): Promise<void> {
    if (await this.#store.save([...this.#added.values()].map(({ kept }) => kept))) return
    throw new ServiceError('DEPENDENCY_FAILED', {
      data: { dependency: 'storage', detail: 'the list of external streams could not be written' },
      details: 'the list of external streams could not be written',
      suggestion: 'check state_dir: there must be room, and the service must be able to write there',
    })
  }

  #ofPath(path: string): AddedStream | undefined {
    for (const added of this.#added.values()) if (added.kept.path === path) return added
    return undefined
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(task)
    this.#last = done.catch(() => undefined)
    return done
  }
}

function demandSound(url: string, name: string): StreamAddress {
  const address = parseAddress(url, 'stream_url')
  if (/\p{C}/u.test(name) || name.trim() === '' || name.length > MAX_NAME_CHARS) {
    const rule = `1 to ${MAX_NAME_CHARS} printable characters`
    throw invalidParam('stream_name', rule, 'give a name such as "Front gate"', `stream_name must be ${rule}`)
  }
  return address
}

const isSkydio = (stream: ExternalStream): boolean => stream.type === 'skydio_stanag4609'

const covers = (last: Scanned, { skydio, generic }: Families): boolean =>
  (!skydio || last.families.skydio) && (!generic || last.families.generic)

function discovered(scanned: Scanned, families: Families, wish: DiscoverWish): Discovered {
  const streams = [...scanned.found.values()]
    .filter((sighting) => wish.include_offline || sighting.online)
    .map(sightingView)
    .filter((stream) => (isSkydio(stream) ? families.skydio : families.generic))
  return {
    discovered_streams: streams,
    skydio_streams: streams.filter(isSkydio),
    generic_streams: streams.filter((stream) => !isSkydio(stream)),
    scan_timestamp: timestamp(scanned.startedWallMs),
    total_found: streams.length,
    discovery_options: wish,
    scan_duration: `${(scanned.durationMs / 1000).toFixed(1)}s`,
    errors: scanned.errors,
  }
}

/** Undefined of what an older edition, or somebody else, wrote down. */
function addressOf({ url }: KeptStream): StreamAddress | undefined {
  try {
    return parseAddress(url, 'url')
  } catch {
    return undefined
  }
}
