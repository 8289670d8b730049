/**
 * The RPC face on several cores: threads that each listen on the same port with a web server of their own, kept equal by messages. This
 * thread has the services and no connection. A thread that dies takes its connections with it and is replaced.
 */

import { randomBytes } from 'node:crypto'
import { type LoginThrottle, SharedRates, type Tokens, type Verifier } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import { backoffMs } from '../base/backoff.js'
import { type Clock, wait } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { LoadStage } from '../base/load.js'
import type { Logger } from '../base/logger.js'
import { summed } from '../base/tally.js'
import {
  ConnectionCounts,
  type ConnectionFigures,
  checkFree,
  type DeskPort,
  type HttpServer,
  type HttpServerSettings,
  type ListenAddress,
  loadUws,
  type RouteGroup,
  settingsWith,
} from '../http/index.js'
import type { CameraPort, Rpc, RpcStats } from '../rpc/index.js'
import { modelOf } from './camera-model.js'
import { afterDeath, NO_FIGURES, sumOf } from './figures.js'
import { ThreadLink } from './link.js'
import type { CallLimits, HomeAsks, RpcRules, ThreadData, ThreadFigures, ThrottleRules, TokenRules } from './protocol.js'

export interface CameraFeed extends CameraPort {
  /** Calls `listener` before anybody is told of a change of what the cameras answer. The function returned ends that. */
  onChange(listener: () => void): () => void
}

export interface RpcWorkersOptions {
  readonly threads: number
  readonly rpc: Pick<Rpc, 'home'>
  readonly cameras: CameraFeed
  readonly ready: () => boolean
  readonly rules: RpcRules
  readonly limits: () => CallLimits
  readonly tokens: Pick<Tokens, 'secrets' | 'onRotated'>
  readonly tokenRules: TokenRules
  readonly throttle: Pick<LoginThrottle, 'locks' | 'onLocked'>
  readonly throttleRules: ThrottleRules
  readonly credentials: Verifier
  readonly address: ListenAddress
  /** Where they listen too when nobody else does. */
  readonly secondAddress?: ListenAddress | undefined
  readonly settings: Partial<HttpServerSettings>
  /** Called with the port when all of them listen. */
  readonly onListening?: (port: number) => void
  /** Their pages. */
  readonly routes: readonly RouteGroup[]
  /** Undefined: no files. */
  readonly downloads: { readonly desk: DeskPort; readonly slow: NonNullable<ThreadData['downloads']> } | undefined
  /** What should not have happened, in words that any client may see. */
  readonly onTrouble: (error: string) => void
  readonly audit: Audit
  /** The compiled `thread_guard`. */
  readonly guardFile: string
  /** The compiled `thread.ts`. Default: the one beside this file. */
  readonly threadFile?: URL
  /** Of node, for the threads. Default: none. */
  readonly execArgv?: readonly string[]
  /** Of JavaScript, for each thread. Default: as much as node gives. */
  readonly maxHeapMb?: number
  /** Seconds of silence after which a thread counts as hanging. Default 10. */
  readonly maxSilentBeats?: number
  readonly clock: Clock
  readonly logger: Logger
}

const BEAT_MS = 1_000
const MAX_SILENT_BEATS = 10
/** A thread that lived so long has not died of how it was started. */
const GOOD_LIFE_MS = 60_000
const PAUSES = { firstMs: 100, maxMs: 5_000, jitter: 0.2, random: Math.random }
const DIED = 'a thread with connections died; its clients were cut off'
const NO_THREAD = 'a thread with connections could not be replaced'
const ANY_RATE = { requests: 1, windowMs: 1 }
/** What a thread may take to close its connections beyond the time for calls under way. */
const GOODBYE_MS = 4_000

export class RpcWorkers implements HttpServer {
  readonly name = 'http'
  readonly #options: RpcWorkersOptions
  readonly #logger: Logger
  readonly #links = new Map<number, ThreadLink>()
  /** Stands in the cameras' texts where the host of each client belongs; nobody outside can guess it. */
  readonly #anyHost = `host-${randomBytes(12).toString('hex')}.invalid`
  #counts: ConnectionCounts | undefined
  readonly #rates: ThreadData['rates']
  #port = 0
  #secondAddress: ListenAddress | undefined
  #camerasChanged = false
  #stopping = false
  #deaths = 0
  /** Of threads that are no more. */
  #past = NO_FIGURES
  readonly #deathsInARow = new Map<number, number>()
  /** What is to be ended at the stop. */
  #ends: (() => void)[] = []
  readonly #replacing = new Map<number, () => void>()

  constructor(options: RpcWorkersOptions) {
    this.#options = options
    // Their rates are told to each thread; here nothing is counted.
    const fresh = (): SharedArrayBuffer => new SharedRates(randomBytes(4).readInt32LE(), ANY_RATE, options.clock).buffer
    this.#rates = { accept: fresh(), upgrade: fresh(), identity: fresh() }
    this.#logger = options.logger.child({ component: 'http' })
  }

  /** The port listened on; 0 before the start. */
  get port(): number {
    return this.#port
  }

  get connections(): number {
    return this.#counts?.connections ?? 0
  }

  get heldBytes(): number {
    return this.#counts?.heldBytes ?? 0
  }

  /** Stage of load of the most loaded thread, this one as it was told. */
  get load(): LoadStage {
    return this.#counts?.load ?? 0
  }

  /** Of this thread. */
  setLoad(stage: LoadStage): void {
    this.#counts?.setLoad(undefined, stage)
  }

  /** As the threads told them last, a second ago at most. */
  get figures(): ConnectionFigures {
    return this.#lastFigures().connections
  }

  /** As `figures`, of their calls. */
  get lastRpc(): RpcStats {
    return this.#lastFigures().rpc
  }

  /** Threads that run, and those that died, counted since the start. */
  get threads(): { readonly running: number; readonly deaths: number } {
    return { running: this.#links.size, deaths: this.#deaths }
  }

  /** Rejects with ListenError when the address cannot be had. */
  async start(signal: AbortSignal): Promise<void> {
    const { address, threads, clock, settings } = this.#options
    // Loaded once per process, and its settings with it; what is missing is told from here.
    loadUws()
    this.#port = await checkFree(address)
    this.#secondAddress = await this.#freeSecond()
    signal.throwIfAborted()
    this.#counts = new ConnectionCounts({ rows: threads, seed: randomBytes(4).readInt32LE() })
    this.#listen()
    const links = Array.from({ length: threads }, (_none, row) => this.#spawn(row))
    try {
      await Promise.all(links.map((link) => link.ask('start', null)))
    } catch (thrown) {
      this.#stopping = true
      this.#endAll()
      await Promise.all(links.map((link) => link.terminate('another thread could not be started')))
      throw thrown
    }
    this.#options.onListening?.(this.#port)
    this.#ends.push(clock.every(BEAT_MS, () => this.#beat()))
    const { path } = settingsWith(settings)
    this.#logger.info({ host: address.host, port: this.#port, path, threads }, 'listening')
  }

  async settle(): Promise<void> {
    const { clock, settings } = this.#options
    const { drainMs } = settingsWith(settings)
    await Promise.all(
      [...this.#links.values()].map((link) =>
        Promise.race([link.ask('settle', null).catch(() => undefined), wait(clock, drainMs)]),
      ),
    )
  }

  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    for (const cancel of this.#replacing.values()) cancel()
    const { clock, settings } = this.#options
    const deadlineMs = settingsWith(settings).drainMs + GOODBYE_MS
    await Promise.all(
      [...this.#links.values()].map(async (link) => {
        await Promise.race([link.ask('drain', null).catch(() => undefined), wait(clock, deadlineMs)])
        await link.terminate('the service is stopping')
      }),
    )
    this.#endAll()
  }

  /** The service is ready for calls, or not any more. */
  setReady(ready: boolean): void {
    for (const { tell } of this.#links.values()) tell('ready', ready)
  }

  /** Limits and settings, which are read anew each time, have changed. */
  changed(): void {
    const { limits } = this.#options
    for (const { tell } of this.#links.values()) {
      tell('settings', this.#settings())
      tell('limits', limits())
    }
  }

  /** Sums over all threads, the dead included; of one that does not answer, what it told last. */
  async allFigures(): Promise<ThreadFigures> {
    const { clock } = this.#options
    await Promise.all(
      [...this.#links.values()].map((link) => Promise.race([link.figures().catch(() => undefined), wait(clock, BEAT_MS)])),
    )
    return this.#lastFigures()
  }

  async #subscriptions(): Promise<HomeAsks['counts']['answer']> {
    // One that dies now has none.
    const none = { total_subscriptions: 0, active_clients: 0, topic_counts: {} }
    const all = await Promise.all([...this.#links.values()].map((link) => link.ask('counts', null).catch(() => none)))
    const topics = new Map<string, number>()
    for (const { topic_counts } of all) {
      for (const [topic, count] of Object.entries(topic_counts)) topics.set(topic, (topics.get(topic) ?? 0) + count)
    }
    return {
      total_subscriptions: all.reduce((sum, { total_subscriptions }) => sum + total_subscriptions, 0),
      active_clients: all.reduce((sum, { active_clients }) => sum + active_clients, 0),
      topic_counts: Object.fromEntries(topics),
    }
  }

  async #freeSecond(): Promise<ListenAddress | undefined> {
    const { secondAddress } = this.#options
    if (secondAddress === undefined) return undefined
    try {
      await checkFree(secondAddress)
      return secondAddress
    } catch (thrown) {
      const { host, port } = secondAddress
      this.#logger.info({ host, port, reason: errorText(thrown) }, 'not listened on')
      return undefined
    }
  }

  /** What changes here is told to every thread, in the order in which it happens. */
  #listen(): void {
    const { rpc, cameras, tokens, throttle } = this.#options
    this.#ends.push(
      cameras.onChange(() => {
        if (this.#camerasChanged) return
        this.#camerasChanged = true
        queueMicrotask(() => this.#tellCameras())
      }),
      rpc.home.onEvent((topic, payload) => {
        this.#tellCameras()
        for (const { tell } of this.#links.values()) tell('event', { topic, payload })
      }),
      tokens.onRotated((secret, endsAtMs) => {
        for (const { tell } of this.#links.values()) tell('secret', { secret, endsAtMs })
      }),
      throttle.onLocked((lock) => {
        for (const { tell } of this.#links.values()) tell('lock', lock)
      }),
    )
  }

  /** Before anything else that clients could see: whoever hears of a change and asks is to be answered with it. */
  #tellCameras(): void {
    if (!this.#camerasChanged) return
    this.#camerasChanged = false
    const model = modelOf(this.#options.cameras, this.#anyHost)
    for (const { tell } of this.#links.values()) tell('cameras', model)
  }

  #spawn(row: number): ThreadLink {
    const { rpc, credentials, routes, downloads, onTrouble, audit, clock, maxHeapMb, execArgv = [] } = this.#options
    const file = this.#options.threadFile ?? new URL('./thread.js', import.meta.url)
    const link = new ThreadLink({
      data: this.#dataFor(row),
      home: {
        ...{ credentials, clock, logger: this.#logger },
        rpc: rpc.home,
        pages: routes.flatMap(({ pages = [] }) => pages),
        desk: downloads?.desk,
        counts: () => this.#subscriptions(),
        beforeAnswer: () => this.#tellCameras(),
        onTrouble,
        audit,
      },
      ...{ file, execArgv, maxHeapMb },
      onEnd: (reason) => this.#ended(link, reason),
    })
    this.#links.set(row, link)
    return link
  }

  #dataFor(row: number): ThreadData {
    const { rpc, cameras, ready, rules, limits, tokens, tokenRules, throttle, throttleRules, address, routes, guardFile } =
      this.#options
    if (this.#counts === undefined) throw new Error('the threads are not started yet')
    return {
      ...{ row, rules, guardFile },
      limits: limits(),
      counts: this.#counts.buffer,
      rates: this.#rates,
      sent: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
      address: { ...address, port: this.#port },
      secondAddress: this.#secondAddress,
      settings: this.#settings(),
      tokens: { ...tokens.secrets(), ...tokenRules },
      throttle: throttleRules,
      locks: throttle.locks(),
      pages: routes.flatMap(({ pages = [] }) => pages.map(({ path, bodies = [] }) => ({ path, bodies }))),
      downloads: this.#options.downloads?.slow,
      cameras: modelOf(cameras, this.#anyHost),
      log: rpc.home.log(),
      ready: ready(),
      logLevel: this.#logger.level,
    }
  }

  /** As plain data. */
  #settings(): HttpServerSettings {
    return { ...settingsWith(this.#options.settings) }
  }

  #lastFigures(): ThreadFigures {
    const all = sumOf([this.#past, ...[...this.#links.values()].map(({ lastFigures }) => lastFigures)])
    const { underWay, limited, linesLeftOut } = this.#options.rpc.home.stats()
    // What is under way here is under way in a thread, too.
    const rpc = { ...all.rpc, underWay, limited: summed([all.rpc.limited, limited]) }
    return { ...all, rpc: { ...rpc, linesLeftOut: rpc.linesLeftOut + linesLeftOut } }
  }

  #beat(): void {
    const { maxSilentBeats = MAX_SILENT_BEATS } = this.#options
    for (const link of this.#links.values()) {
      if (link.beat() < maxSilentBeats) continue
      this.#links.delete(link.row)
      void link.terminate(`it did not answer for ${maxSilentBeats} s`)
    }
  }

  #ended(link: ThreadLink, reason: Error): void {
    const { row } = link
    this.#counts?.wipe(row)
    this.#past = sumOf([this.#past, afterDeath(link.lastFigures)])
    if (this.#links.get(row) === link) this.#links.delete(row)
    if (this.#stopping) return
    this.#deaths += 1
    const livedMs = this.#options.clock.nowMs() - link.startedMs
    this.#replaceLater(row, livedMs, { error: reason.message, what: DIED })
    this.#options.onTrouble(DIED)
  }

  #replaceLater(row: number, livedMs: number, { error, what }: { readonly error: string; readonly what: string }): void {
    const { clock } = this.#options
    const before = livedMs > GOOD_LIFE_MS ? 0 : (this.#deathsInARow.get(row) ?? 0)
    this.#deathsInARow.set(row, before + 1)
    const pauseMs = before === 0 ? 0 : backoffMs(before - 1, PAUSES)
    this.#logger.error({ thread: row + 1, error, next_in_ms: Math.round(pauseMs) }, what)
    this.#replacing.set(
      row,
      clock.after(pauseMs, () => this.#replace(row)),
    )
  }

  #endAll(): void {
    for (const end of this.#ends) end()
    this.#ends = []
  }

  #replace(row: number): void {
    this.#replacing.delete(row)
    if (this.#stopping) return
    let link: ThreadLink
    try {
      link = this.#spawn(row)
    } catch (thrown) {
      // The system gives no thread now.
      this.#replaceLater(row, 0, { error: errorText(thrown), what: NO_THREAD })
      return
    }
    link.ask('start', null).then(
      () => this.#logger.info({ thread: row + 1 }, 'a thread with connections was replaced'),
      // It has ended: then this is told and tried again; or it cannot listen: then it has to end.
      (thrown: unknown) => link.terminate(thrown instanceof Error ? thrown.message : String(thrown)),
    )
  }
}
