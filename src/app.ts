/**
 * Builds the cameras with their face, which answers at once, then all other services (app/parts.ts), and holds the boot order. Only the
 * command line loads it.
 */

import { auditConfiguration, openAudit } from './app/audit.js'
import { bannerLines } from './app/banner.js'
import { buildFacts } from './app/build-facts.js'
import { configuredSelections, openCameraConfig } from './app/camera-config.js'
import { buildCameraFace } from './app/camera-face.js'
import type { LogPort } from './app/camera-log.js'
import { buildCredentials, buildTokens } from './app/credentials.js'
import { type SignalActions, signalActions } from './app/signals.js'
import { stopServices } from './app/stop.js'
import { Supervisor } from './app/supervisor.js'
import { firstStartToken, inStateDir, type Tokens } from './auth/index.js'
import type { Clock } from './base/clock.js'
import { lockFolder } from './base/folder-lock.js'
import { type Service, type StopReport, startAll, stopAll } from './base/lifecycle.js'
import type { Logger } from './base/logger.js'
import { type Cameras, createCameras, type Selection, type StreamLinks } from './cameras/index.js'
import type { Config, ConfigurationPort } from './config/index.js'
import { loadNative, sendDatagram } from './native/index.js'

export interface AppContext {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: LogPort
  /** What changes `config` while the service runs. */
  readonly configuration: ConfigurationPort
  /** Asks the process for an orderly end. */
  readonly requestStop: () => void
}

export interface App extends SignalActions {
  /** Resolves when the faces answer. */
  start(): Promise<void>
  stop(): Promise<StopReport>
  /** Lines for people: one per face, and the token of a first start. */
  readonly banner: readonly string[]
}

const HOUR_MS = 3_600_000
/** A busier look at the device folder gains nothing. */
const MIN_POLL_MS = 50

/** Rejects when the native core cannot be loaded, or the state directory (another service has it) or the camera face's port cannot be used. */
export async function createApp({ config, configuration, logger, clock, env, log, requestStop }: AppContext): Promise<App> {
  const build = buildFacts(env)
  const { tokens, reloadSecret } = await buildTokens(config, clock, logger)
  const lock = await inStateDir(config.state_dir, () => lockFolder(config.state_dir))
  const { audit, close: closeAudit } = await openAudit(config, clock, logger)
  const { credentials, throttle, keyring, failures } = buildCredentials({ config, tokens, audit, clock, logger })

  let links: (device: string, host: string) => StreamLinks = () => ({})
  const hasFace = config.faces.camera.enabled
  const cameras = await buildCameras({
    ...{ config, logger, clock, searchPath: env.PATH ?? '' },
    selections: hasFace ? await configuredSelections(config) : [],
    links: (device, host) => links(device, host),
  })
  const cameraConfig = hasFace ? await openCameraConfig({ config, cameras, clock, logger, log }) : undefined
  const face =
    cameraConfig &&
    buildCameraFace({
      ...{ config, cameras, credentials, audit, clock, logger, requestStop },
      store: cameraConfig.store,
      version: build.version,
    })
  const abort = new AbortController()
  // The camera face answers before the rest is even loaded.
  const early: readonly Service[] = [
    keyring,
    cameras,
    ...(cameraConfig === undefined ? [] : [cameraConfig.service]),
    ...(face === undefined ? [] : [face.face]),
  ]
  await startAll(early, abort.signal)
  const { buildParts } = await import('./app/parts.js')
  /** When the others cannot be had, these do not go on alone. */
  const stopEarly = async (thrown: unknown): Promise<never> => {
    await stopAll(early, { deadlineMs: config.server.shutdown_timeout, clock, logger })
    throw thrown
  }
  const context = {
    config,
    configuration,
    cameraConfig: cameraConfig?.store,
    cameras,
    credentials,
    failures,
    tokens,
    throttle,
    audit,
    clock,
    logger,
    env,
    build,
  }
  const parts = await buildParts({ ...context, watchdogFeeds: () => supervisor.feeds }).catch(stopEarly)
  links = parts.links
  tokens.load()
  const order = [...early, ...parts.order]
  const supervisor = new Supervisor({
    ...{ env, clock, logger, pid: process.pid },
    send: sendDatagram,
    status: () => statusLine(cameras, parts.http.connections),
    stuck: () => parts.stuck(),
  })
  const endAudit = auditConfiguration(audit, configuration, cameraConfig?.store)
  let firstToken: string | undefined
  const actions = signalActions({
    logger,
    reloadKeys: async () => {
      await Promise.all([reloadSecret(), keyring.reload()])
      audit({ action: 'secret.reload', outcome: 'ok' })
    },
    reloadService: () => configuration.reload(),
    reopenLog: () => cameraConfig?.log.reopen() ?? log.reopen(),
    reloadConfig: cameraConfig && (() => cameraConfig.store.reload()),
    statistics: () => face?.statistics() ?? {},
    devices: () => cameras.registry.list().map(({ device }) => device),
    restart: (device, options) => cameras.captures.restart(device, options),
  })
  return {
    ...actions,
    async reload() {
      const end = supervisor.reloading()
      await actions.reload().finally(end)
    },
    async start() {
      await startAll(parts.order, abort.signal).catch(stopEarly)
      // After the start: a token that is shown once must not be lost to a port that was in use.
      firstToken = await newFirstToken(config, tokens)
      // What was ended meanwhile is neither ready nor watched.
      abort.signal.throwIfAborted()
      parts.setReady()
      logger.info({ port: parts.http.port }, 'ready')
      audit({ action: 'service.start', outcome: 'ok', detail: { version: build.version } })
      supervisor.ready()
    },
    async stop() {
      supervisor.stopping()
      abort.abort()
      const first = () => Promise.all([parts.beginEnd(), face?.face.stop()])
      const report = await stopServices({ first, order, cameras, deadlineMs: config.server.shutdown_timeout, clock, logger })
      parts.disconnect()
      supervisor.end()
      endAudit()
      audit({ action: 'service.stop', outcome: 'ok' })
      await closeAudit()
      await cameraConfig?.log.close()
      await lock.release()
      return report
    },
    get banner() {
      return bannerLines({
        config,
        version: build.version,
        pid: process.pid,
        rpcPort: parts.http.port,
        healthPort: parts.health?.port,
        camera: face && cameraConfig && { port: face.face.port, config: cameraConfig.store.current },
        firstToken,
      })
    },
  }
}

interface CamerasContext {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly searchPath: string
  readonly selections: readonly Selection[]
  readonly links: (device: string, host: string) => StreamLinks
}

function buildCameras({ config, logger, clock, searchPath, selections, links }: CamerasContext): Promise<Cameras> {
  const { camera } = config
  const polling = camera.discovery_mode === 'poll-only'
  return createCameras({
    loadAddon: loadNative,
    core: {
      devDir: '/dev',
      sysfsDir: '/sys',
      deviceRange: camera.device_range,
      discovery: polling ? 'poll' : 'events',
      rescanMs: polling ? Math.max(MIN_POLL_MS, camera.poll_interval) : camera.fallback_poll_interval,
      probeDeadlineMs: camera.capability_timeout,
      uevents: !polling,
      virtualCameras: camera.virtual_cameras,
      encoderThreads: config.workers.encoder_threads,
      jpegQuality: camera.jpeg_quality,
      viewers: { max: config.faces.camera.max_viewers, maxPerChannel: config.faces.camera.max_viewers_per_camera },
    },
    stateDir: config.state_dir,
    clock,
    logger: logger.child({ component: 'cameras' }),
    pins: new Map(
      Object.entries(config.identity.pins).map(([device, identity]) => [identity, Number(device.slice('camera'.length))]),
    ),
    selections,
    modeWish: (device) => camera.modes[device],
    get lingerMs() {
      return camera.linger
    },
    restoreMotion: camera.restore_motion,
    links,
    ffmpeg: { binary: config.ffmpeg.binary, searchPath },
  })
}

function statusLine({ registry }: Cameras, clients: number): string {
  const all = registry.list()
  const connected = all.filter(({ status }) => status === 'CONNECTED').length
  return `${connected} of ${all.length} cameras are connected, ${clients} clients`
}

async function newFirstToken(config: Config, tokens: Tokens): Promise<string | undefined> {
  const lifetimeMs = config.security.jwt_expiry_hours * HOUR_MS
  return firstStartToken({ stateDir: config.state_dir, tokens, lifetimeMs })
}
