/** Wires the parts of `media/` together: link to MediaMTX, demand, publishers, streaming methods. */

import { createHash, randomBytes } from 'node:crypto'
import { join, resolve } from 'node:path'
import { errorText, ServiceError } from '../base/errors.js'
import { TypedEvents } from '../base/events.js'
import type { Service } from '../base/lifecycle.js'
import { childMark, killOrphans } from '../base/orphans.js'
import type { Rendered } from '../base/rendered.js'
import type { MediamtxClient } from './api/client.js'
import { mediamtxUnavailable } from './api/failures.js'
import type { RuntimePath } from './api/wire.js'
import { MediaMeter } from './meter.js'
import { canRunNotifier } from './notify/check.js'
import { CHECK_PATH } from './notify/check-path.js'
import { notifierHooks } from './notify/hooks.js'
import type { SegmentNotice } from './notify/notice.js'
import { NotifierServer } from './notify/server.js'
import { type MediaOptions, type Settings, withDefaults } from './options.js'
import { cameraBody, type Hooks, type PathBody, type PathBodyOptions } from './paths/body.js'
import { DesiredPaths } from './paths/desired.js'
import { PathKeeper } from './paths/keeper.js'
import { Reconciler } from './paths/reconciler.js'
import { type PathEvents, PathWatch } from './paths/watch.js'
import { checkRecording, checkSource, type RecordingWish, type SourceWish } from './paths/wishes.js'
import { EncoderChoice } from './publish/encoder-choice.js'
import { canGuard, type GuardedAddress, guardedAddress } from './publish/guard.js'
import { Publications } from './publish/publications.js'
import { findBinary } from './server/binary.js'
import type { ServerPlaces, ServerSecrets } from './server/config.js'
import { freePlaces } from './server/free-ports.js'
import { ServerLink } from './server/link.js'
import { ServerSource } from './server/source.js'
import { KeptStreams } from './streams/kept.js'
import type { StreamLinks } from './streams/links.js'
import type { StartedStream, StoppedStream, StreamEntry, StreamStatus, StreamUrl } from './streams/shapes.js'
import { Streams } from './streams/streams.js'

export type MediaEvents = PathEvents & {
  stateChanged: { readonly state: MediaState; readonly detail: string }
  /**
   * MediaMTX began or finished a file of a recorded path. Heard only from servers that can run our notifier, and not while this
   * service is away; the two of one file may come in either order.
   */
  segmentCreated: { readonly device: string; readonly file: string }
  segmentCompleted: { readonly device: string; readonly file: string; readonly durationMs: number }
}

/** `off`: not configured. `searching`: none was ever seen, none is required. `down`: there was one, or should be. */
export type MediaState = 'off' | 'searching' | 'up' | 'down'

const LOOPBACK_HOSTS = ['127.0.0.1', '::1', 'localhost']

export class MediaService implements Service {
  readonly name = 'media'
  readonly events: TypedEvents<MediaEvents>
  readonly meter = new MediaMeter()
  readonly #settings: Settings
  readonly #instance: string
  readonly #secrets: ServerSecrets
  readonly #guardFile: string | undefined
  readonly #notifiers: NotifierServer
  readonly #publications: Publications
  readonly #streams: Streams
  readonly #kept: KeptStreams
  readonly #source: ServerSource
  readonly #link: ServerLink
  readonly #cameras: DesiredPaths
  readonly #watch: PathWatch<MediaEvents>
  #desired: ReadonlyMap<string, PathBody> = new Map()
  #hooks: Hooks | undefined
  #unsubscribe: () => void = () => undefined

  constructor(options: MediaOptions) {
    const settings = withDefaults(options)
    const { clock, logger, stateDir, searchPath } = settings
    this.#settings = settings
    this.events = new TypedEvents((thrown, event) => logger.error({ event, error: String(thrown) }, 'listener failed'))
    const onlyRecorded = (path: string) => this.#cameras.isRecorded(path) && !this.#publications.demand.viewed(path)
    this.#watch = new PathWatch(this.events, (path) => (onlyRecorded(path) ? 'recording' : 'viewing'))
    this.#cameras = new DesiredPaths({
      feeds: settings.feeds,
      clock,
      absentKeepMs: settings.absentKeepMs,
      onChange: () => this.#renewDesired(),
    })
    this.#instance = createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 12)
    this.#guardFile = canGuard(settings.ffmpeg, settings.guardFile, searchPath) ? settings.guardFile : undefined
    this.#secrets = {
      api: { user: 'camera-service', password: randomBytes(24).toString('base64url') },
      publish: this.#guardFile === undefined ? undefined : { user: 'publisher', password: randomBytes(24).toString('base64url') },
    }
    const environment = { PATH: searchPath, LANG: 'C.UTF-8', ...childMark(this.#instance) }
    this.#notifiers = new NotifierServer({
      directory: resolve(stateDir, 'run'),
      onDemand: (path) => this.#notified(path),
      onSegment: (notice) => this.#segment(notice),
      logger,
    })
    this.#source = new ServerSource({
      mode: settings.mode === 'off' ? 'external' : settings.mode,
      host: settings.host,
      apiPort: settings.apiPort,
      credentials: settings.apiCredentials,
      writeMs: settings.apiTimeoutMs,
      meter: this.meter,
      findBinary: () => findBinary({ configured: settings.binary, searchPath, installDirectory: join(stateDir, 'mediamtx') }),
      directory: resolve(stateDir, 'mediamtx'),
      places: () => this.#places(),
      secrets: this.#secrets,
      paths: () => this.#cameras.bodies(this.#bodyOptions(this.#ownHooks())),
      environment,
      clock,
      logger,
      onExit: (reason) => this.#link.serverEnded(reason),
    })
    const keeper = new PathKeeper({
      reconciler: new Reconciler({ instance: this.#instance, takeOver: settings.takeOverPaths, clock, logger }),
      desired: { get: () => this.#desired, mayRemove: (name) => this.#cameras.mayRemove(name) },
      onPoisoned: () => this.#source.giveUp(),
      meter: this.meter,
      clock,
      logger,
      compareIntervalMs: settings.compareIntervalMs,
    })
    this.#link = new ServerLink({
      source: this.#source,
      keeper,
      onServer: (client, managed) => this.#met(client, managed),
      onState: () => this.#stateChanged(),
      onPaths: () => this.#pathsSeen(),
      clock,
      logger,
    })
    this.#publications = new Publications({
      ffmpeg: settings.ffmpeg,
      codec: settings.codec,
      feeds: settings.feeds,
      environment,
      closeAfterMs: settings.viewCloseAfterMs,
      absentKeepMs: settings.absentKeepMs,
      encoders: new EncoderChoice({ ffmpeg: settings.ffmpeg, wish: settings.encoder, environment, clock, logger }),
      always: () => this.#always(),
      target: (path) => this.#target(path),
      notifiers: (path) => this.#notifiers.count(path),
      look: () => this.#link.look(),
      clock,
      logger,
    })
    const { viewCloseAfterMs: closeAfterMs } = settings
    this.#kept = new KeptStreams({ file: resolve(stateDir, 'streams.json'), closeAfterMs, clock, logger })
    this.#streams = new Streams({
      kept: this.#kept,
      link: this.#link,
      publications: this.#publications,
      exists: (device) => settings.cameras.exists(device) || this.#cameras.isSource(device),
      isSource: (device) => this.#cameras.isSource(device),
      isRecorded: (path) => this.#cameras.isRecorded(path),
      address: (path) => this.readAddress(path),
      sourceCloseAfterMs: settings.sourceCloseAfterMs,
      owns: (path) => this.#desired.has(path),
      present: () => new Set(settings.feeds.list().map((camera) => camera.device)),
      templates: settings.links,
      closeAfterMs,
      startTimeoutMs: settings.startTimeoutMs,
      clock,
    })
  }

  /** Time since the loop that keeps MediaMTX as it should be came round; a minute is far beyond all of its deadlines. */
  get sinceTurnMs(): number {
    return this.#link.sinceTurnMs
  }

  get state(): MediaState {
    return this.#settings.mode === 'off' ? 'off' : this.#link.state
  }

  /** One sentence for people; no secret. */
  get detail(): string {
    return this.#settings.mode === 'off' ? 'switched off by configuration' : this.#link.detail
  }

  /** MediaMTX's version, while one is up and tells it. */
  get version(): string | undefined {
    return this.#link.server?.info?.version
  }

  /** Where players read: what the server that is up says, else what is configured. */
  get rtspPort(): number {
    return this.#link.server?.ports.rtspPort ?? this.#settings.rtspPort
  }

  /** Where this machine reads a path; holds no secret. Throws DEPENDENCY_FAILED without MediaMTX. */
  readAddress(path: string): string {
    const { server, detail } = this.#link
    if (server?.ports.rtspPort === undefined) throw mediamtxUnavailable(detail)
    return `rtsp://${this.#rtspHost(server.managed)}:${server.ports.rtspPort}/${path}`
  }

  /** Process id of our own MediaMTX, while one runs. */
  get serverPid(): number | undefined {
    return this.#source.childPid
  }

  async start(_signal: AbortSignal): Promise<void> {
    const { mode, feeds, logger } = this.#settings
    if (mode === 'off') return
    const orphans = await killOrphans(this.#instance, 'others')
    if (orphans > 0) logger.warn({ orphans }, 'processes of an earlier run were still there')
    if (this.#guardFile === undefined) {
      logger.warn({}, 'ffmpeg cannot take the publishing password unseen: our MediaMTX lets this machine publish without one')
    }
    await this.#notifiers.start().catch((thrown: unknown) => {
      logger.warn({ error: errorText(thrown) }, 'no socket for notifiers: demand cannot be seen')
    })
    for (const [device, restMs] of await this.#kept.load()) this.#publications.demand.touch(device, restMs)
    this.#cameras.start()
    this.#unsubscribe = feeds.onChange(() => this.#camerasChanged())
    this.#camerasChanged()
    this.#link.start()
  }

  /** Resolves when no process of ours is left. */
  async stop(): Promise<void> {
    if (this.#settings.mode === 'off') return
    this.#unsubscribe()
    this.#cameras.stop()
    await this.#publications.close()
    await this.#link.stop()
    await this.#notifiers.stop()
    await killOrphans(this.#instance, 'ours')
  }

  /** Resolves when the stream can be read. Twice gives the same stream. */
  startStreaming(device: string, host: string): Promise<StartedStream> {
    return this.#gate(() => this.#streams.start(device, host))
  }

  stopStreaming(device: string): Promise<StoppedStream> {
    return this.#gate(() => this.#streams.stop(device))
  }

  streamUrl(device: string, host: string): Promise<StreamUrl> {
    return this.#gate(async () => this.#streams.url(device, host))
  }

  streamStatus(device: string): Promise<StreamStatus> {
    return this.#gate(() => this.#streams.status(device))
  }

  streams(): Promise<Rendered<readonly StreamEntry[]>> {
    return this.#gate(() => this.#streams.list())
  }

  /**
   * From now on the path of this camera or stream is recorded so, and published for it; `undefined`: not recorded. The wish comes
   * back after each death of MediaMTX, and may be made before `start`. Resolves when MediaMTX's stored configuration says so:
   * the first file comes up to a key frame and a part later. Rejects with DEPENDENCY_FAILED (no MediaMTX, or it refuses) or
   * INVALID_STATE (nothing of that name is there); the wish stands all the same until it is withdrawn.
   */
  setRecording(device: string, wish: RecordingWish | undefined): Promise<void> {
    return this.#gate(() => {
      if (wish !== undefined) checkRecording(wish)
      this.#cameras.setRecording(device, wish)
      this.#renewDesired()
      this.#publications.setRecorded(device, wish !== undefined && !this.#cameras.isSource(device))
      if (wish !== undefined && !this.#desired.has(device)) throw notThere(device)
      return this.#link.settled(device)
    })
  }

  /**
   * From now on there is a path of this name that MediaMTX fetches from `wish.url`; `undefined`: none, nor a recording of it. Comes
   * back as `setRecording` does, resolves and rejects like it; INVALID_PARAMS for a name or address that cannot be.
   */
  setSource(name: string, wish: SourceWish | undefined): Promise<void> {
    return this.#gate(() => {
      checkSource(name, wish)
      this.#cameras.setSource(name, wish)
      this.#renewDesired()
      return this.#link.settled(name)
    })
  }

  /** What MediaMTX's runtime list showed last of a path of ours; `undefined` without one, or without MediaMTX. */
  path(name: string): RuntimePath | undefined {
    return this.#desired.has(name) ? this.#link.paths.get(name) : undefined
  }

  /** Addresses for players; empty while there is no server. */
  streamLinks(device: string, host: string): Partial<StreamLinks> {
    return this.#streams.links(device, host)
  }

  /** Where MediaMTX itself serves the playlist of a path; undefined while it serves none. */
  playlist(device: string, host: string): string | undefined {
    return this.#streams.playlist(device, host)
  }

  /** Failures before the first await become rejections, too. */
  async #gate<Result>(call: () => Promise<Result>): Promise<Result> {
    return await call()
  }

  #places(): Promise<ServerPlaces> {
    const { ports, listenHost: host, apiPort, rtspPort, hlsPort, webrtcPort, webrtcUdpPort } = this.#settings
    if (ports === 'free') return freePlaces(host)
    return Promise.resolve({ apiPort, host, rtspPort, hlsPort, webrtcPort, webrtcUdpPort })
  }

  #ownHooks(): Hooks | undefined {
    return notifierHooks(this.#settings.notifierFile, this.#notifiers.listening ? this.#notifiers.socketFile : undefined)
  }

  /** A new server: whether it can tell us of readers decides how its paths look and when cameras are published. */
  async #met(client: MediamtxClient, managed: boolean): Promise<void> {
    const hooks = this.#ownHooks()
    this.#hooks = hooks !== undefined && (managed || (await this.#canRun(client, hooks))) ? hooks : undefined
    if (this.#hooks === undefined) {
      this.#settings.logger.warn({}, 'this MediaMTX cannot run our notifier: cameras are published all the time')
    }
    this.#desired = this.#cameras.bodies(this.#bodyOptions(this.#hooks))
  }

  async #canRun(client: MediamtxClient, hooks: Hooks): Promise<boolean> {
    if (!LOOPBACK_HOSTS.includes(this.#settings.host)) return false
    const body = cameraBody(this.#bodyOptions(hooks))
    return await canRunNotifier(client, body, hooks.demand, () => this.#notifiers.count(CHECK_PATH) > 0, this.#settings.clock)
  }

  #always(): boolean {
    return this.#settings.publish === 'always' || (this.#link.server !== undefined && this.#hooks === undefined)
  }

  #bodyOptions(hooks: Hooks | undefined): PathBodyOptions {
    const { startTimeoutMs, demandCloseAfterMs: closeAfterMs, sourceCloseAfterMs } = this.#settings
    return { hooks, startTimeoutMs, closeAfterMs, sourceCloseAfterMs, instance: this.#instance }
  }

  #camerasChanged(): void {
    this.#publications.setCameras(this.#cameras.present())
    if (this.#cameras.camerasChanged()) this.#renewDesired()
  }

  #renewDesired(): void {
    this.#desired = this.#cameras.bodies(this.#bodyOptions(this.#hooks))
    this.#link.compareSoon()
  }

  #notified(path: string): void {
    this.#publications.setNotifiers(path, this.#link.paths.get(path)?.readers.length ?? 0)
  }

  #segment(notice: SegmentNotice): void {
    const { path: device, file } = notice
    if (!this.#desired.has(device)) return
    if (notice.kind === 'created') this.events.emit('segmentCreated', { device, file })
    else this.events.emit('segmentCompleted', { device, file, durationMs: notice.durationMs })
  }

  #target(path: string): GuardedAddress | undefined {
    const server = this.#link.server
    if (server?.ports.rtspPort === undefined) return undefined
    const credentials = server.managed ? this.#secrets.publish : this.#settings.publishCredentials
    const address = `rtsp://${this.#rtspHost(server.managed)}:${server.ports.rtspPort}/${path}`
    return guardedAddress(address, credentials, this.#guardFile)
  }

  #rtspHost(managed: boolean): string {
    return managed ? '127.0.0.1' : this.#settings.host
  }

  #stateChanged(): void {
    if (this.#link.state === 'up') this.#publications.serverUp()
    this.events.emit('stateChanged', { state: this.state, detail: this.detail })
  }

  #pathsSeen(): void {
    const ours = new Map<string, RuntimePath>()
    for (const [name, path] of this.#link.paths) if (this.#desired.has(name)) ours.set(name, path)
    this.#publications.setReaders(ours)
    this.#streams.throughput.observe(ours)
    this.#watch.see(ours)
  }
}

function notThere(device: string): ServiceError {
  return new ServiceError('INVALID_STATE', {
    data: { state: 'DISCONNECTED', allowed_states: ['CONNECTED'] },
    details: `${device} is not there`,
    suggestion: 'plug the camera in and call again',
  })
}

export function createMedia(options: MediaOptions): MediaService {
  return new MediaService(options)
}
