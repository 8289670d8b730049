/** One stream that somebody added: its address at this time, its path in MediaMTX, and whether it was there last. */

import { type Clock, timestamp } from '../base/clock.js'
import { errorText, invalidParam, ServiceError } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { pinned, type StreamAddress, withoutLogin } from './address.js'
import type { Verdict } from './host-guard.js'
import type { Sends } from './redirect.js'
import type { Place } from './scanner.js'
import type { KeptStream } from './store.js'
import type { ExternalStream } from './types.js'

/** How MediaMTX fetches: `automatic` takes UDP where the machine has it, and what the network loses is missing in recordings. */
export type Transport = 'tcp' | 'udp' | 'multicast' | 'automatic'

/** What is needed of MediaMTX. */
export interface StreamFetcher {
  /** Rejects with DEPENDENCY_FAILED; the wish stands all the same until it is withdrawn with `undefined`. */
  setSource(
    path: string,
    wish: { readonly url: string; readonly onDemand: boolean; readonly transport: Transport } | undefined,
  ): Promise<void>
  /** Whether it fetches the path at this moment. */
  isOnline(path: string): boolean
}

export interface AddedStreamOptions {
  /** Absent: MediaMTX is switched off. */
  readonly fetcher: StreamFetcher | undefined
  readonly hosts: { check(host: string, port: number): Promise<Verdict> }
  readonly transport: Transport
  /** Whether the machine at this address sends to another one. */
  readonly whereSent?: (url: string) => Promise<Sends>
  readonly clock: Clock
  readonly logger: Logger
}

/** A name that nobody knows is asked for again: the network may not be up yet. */
const ASK_AGAIN_MS = 10_000
/** A machine that sends nowhere may begin to: it is asked again while nothing is fetched from it. */
const LOOK_AGAIN_MS = 30_000

export class AddedStream {
  readonly kept: KeptStream
  readonly address: StreamAddress
  readonly #options: AddedStreamOptions
  #lastSeenWallMs: number
  #reachable = true
  /** Of the machine, as its name was resolved. */
  #machine: string | undefined
  /** It sends to another one, and is not fetched from. */
  #elsewhere = false
  /** Asked for the stream with its login the machine refused it: again and again it would shut out whoever has the right one. */
  #loginRefused = false
  #cancel: () => void = () => undefined
  #withdrawn = false

  constructor(kept: KeptStream, address: StreamAddress, options: AddedStreamOptions) {
    this.kept = kept
    this.address = address
    this.#options = options
    this.#lastSeenWallMs = Date.parse(kept.addedAt) || options.clock.wallMs()
  }

  /** Where a scan looks for it; undefined while that is not known. */
  get place(): Place | undefined {
    return this.#machine === undefined ? undefined : { host: this.#machine, port: this.address.port }
  }

  /** Rejects with INVALID_PARAMS (unknown name, forbidden address), DEPENDENCY_FAILED; then it is as before. */
  async connect(): Promise<void> {
    const machine = machineOf(await this.#check())
    if (await this.#sendsElsewhere(machine)) {
      const rule = 'the address of the machine that streams'
      throw invalidParam(
        'stream_url',
        rule,
        'give the address that it sends to',
        'the machine of stream_url sends to another one',
      )
    }
    await this.#fetch(machine)
    this.#machine = machine
    this.#lookLater()
  }

  /** What was added earlier: without network or MediaMTX the wish stands, and is fulfilled when they come. Never rejects. */
  async reconnect(): Promise<void> {
    const { clock, logger } = this.#options
    const verdict = await this.#check()
    if (this.#withdrawn) return
    if ('address' in verdict) {
      if (verdict.address !== this.#machine) await this.#look(verdict.address)
      return
    }
    // One that had an address keeps it: who resolves names may be away.
    if (this.#machine !== undefined) return
    this.#reachable = false
    if (verdict.refused === 'unknown') this.#cancel = clock.after(ASK_AGAIN_MS, () => void this.reconnect())
    else logger.warn(this.#facts, 'an external stream lies outside external_discovery.allowed_networks and is not fetched')
  }

  /** MediaMTX forgets it now, or when it is there again. Never rejects. */
  async withdraw(): Promise<void> {
    this.close()
    await this.#options.fetcher?.setSource(this.kept.path, undefined).catch(() => undefined)
  }

  /** No timer of ours runs afterwards. */
  close(): void {
    this.#withdrawn = true
    this.#cancel()
  }

  /** A scan has looked. A machine that is gone may have got another address. */
  seen(open: boolean): void {
    this.#reachable = open
    if (open) this.#lastSeenWallMs = this.#options.clock.wallMs()
    else void this.reconnect()
  }

  view(): ExternalStream {
    const { kept, address } = this
    const { clock, fetcher } = this.#options
    const online = fetcher?.isOnline(kept.path) === true
    return {
      url: address.shown,
      type: kept.type,
      name: kept.name,
      status: online || (this.#reachable && !this.#elsewhere) ? 'ADDED' : 'ERROR',
      discovered_at: kept.addedAt,
      last_seen: timestamp(online ? clock.wallMs() : this.#lastSeenWallMs),
      capabilities: { protocol: 'rtsp', source: 'external', path: kept.path },
    }
  }

  #check(): Promise<Verdict> {
    return this.#options.hosts.check(this.address.host, this.address.port)
  }

  /** Fetches from the machine for as long as it does not send to another one. Never rejects. */
  async #look(machine: string): Promise<void> {
    const elsewhere = await this.#sendsElsewhere(machine).catch((thrown: unknown) => {
      this.#options.logger.warn({ ...this.#facts, error: errorText(thrown) }, 'the machine of an external stream cannot be asked')
      return undefined
    })
    if (this.#withdrawn) return
    if (elsewhere === undefined) {
      this.#cancel()
      this.#cancel = this.#options.clock.after(LOOK_AGAIN_MS, () => void this.#look(machine))
      return
    }
    const isSame = machine === this.#machine && elsewhere === this.#elsewhere
    this.#machine = machine
    this.#elsewhere = elsewhere
    this.#lookLater()
    if (isSame) return
    const { fetcher, logger } = this.#options
    if (elsewhere) {
      logger.warn(this.#facts, 'the machine of an external stream sends to another one and is not fetched from')
      await fetcher?.setSource(this.kept.path, undefined).catch(() => undefined)
      return
    }
    await this.#fetch(machine).catch((thrown: unknown) => {
      logger.info({ ...this.#facts, error: errorText(thrown) }, 'external stream waits for MediaMTX')
    })
  }

  /** What is being fetched has been asked for already. */
  #lookLater(): void {
    this.#cancel()
    this.#cancel = this.#options.clock.after(LOOK_AGAIN_MS, () => {
      const machine = this.#machine
      const isOnline = this.#options.fetcher?.isOnline(this.kept.path) === true
      if (isOnline) this.#loginRefused = false
      if (machine === undefined || isOnline) this.#lookLater()
      else void this.#look(machine)
    })
  }

  get #facts(): { readonly stream: string; readonly address: string } {
    return { stream: this.kept.path, address: this.address.shown }
  }

  async #sendsElsewhere(machine: string): Promise<boolean> {
    const { whereSent: ask = whereSent } = this.#options
    const url = pinned(this.address.url, machine)
    const sends = await ask(this.#loginRefused ? withoutLogin(url) : url)
    this.#loginRefused ||= sends === 'login_refused'
    return sends === 'elsewhere'
  }

  #fetch(machine: string): Promise<void> {
    const { fetcher, transport } = this.#options
    const url = pinned(this.address.url, machine)
    if (fetcher !== undefined) return fetcher.setSource(this.kept.path, { url, onDemand: true, transport })
    return Promise.reject(
      new ServiceError('DEPENDENCY_FAILED', {
        data: { dependency: 'MediaMTX', detail: 'switched off' },
        details: 'MediaMTX is switched off',
        suggestion: 'set mediamtx.mode to auto',
      }),
    )
  }
}

function machineOf(verdict: Verdict): string {
  if ('address' in verdict) return verdict.address
  const { refused } = verdict
  if (refused === 'own') {
    throw invalidParam(
      'stream_url',
      'a stream of another machine',
      'give the address of the camera itself',
      'stream_url is this service itself',
    )
  }
  if (refused === 'unknown') {
    const rule = 'an address with a host that can be found'
    throw invalidParam('stream_url', rule, 'give the IP address of the camera', 'nobody knows the host of stream_url')
  }
  const rule = 'an address within external_discovery.allowed_networks'
  throw invalidParam('stream_url', rule, 'let an administrator add the network', 'the machine of stream_url is not allowed')
}

/** Loaded late: most services never ask, and TLS takes its time to load. */
async function whereSent(url: string): Promise<Sends> {
  return await (await import('./redirect.js')).whereSent(url)
}
