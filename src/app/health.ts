/** The health pages' view of the service, and their listener, as the configuration wants them. */

import type { Credentials } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { CameraRegistry } from '../cameras/index.js'
import { type Config, secretWeakness } from '../config/index.js'
import {
  type HealthComponent,
  HealthPages,
  type HealthPort,
  type HealthReport,
  PlainServer,
  type RouteGroup,
  Trust,
} from '../http/index.js'
import type { MediaService } from '../media/index.js'
import type { Recordings } from '../recordings/index.js'
import { standIn } from './fallback.js'
import type { System } from './system.js'

export interface HealthContext {
  readonly config: Config
  readonly system: System
  readonly registry: CameraRegistry
  readonly recordings: Recordings
  readonly media: MediaService | undefined
  readonly clock: Clock
  readonly logger: Logger
  readonly credentials: Credentials
  /** `CAMERA_SERVICE_ENV` */
  readonly environment: string
}

export interface BuiltHealth {
  readonly pages: HealthPages
  readonly trust: Trust
}

const STORAGE_WORDS = { ok: 'healthy', low: 'degraded', full: 'unhealthy' } as const
const OVERALL = { HEALTHY: 'healthy', DEGRADED: 'degraded', UNHEALTHY: 'unhealthy' } as const

export function buildHealth(context: HealthContext): BuiltHealth {
  const { config, credentials, clock } = context
  const settings = config.http_health
  const trust = new Trust(settings.allowed_ips, credentials)
  const pages = new HealthPages({
    port: healthPort(context),
    trust,
    settings: {
      paths: {
        basic: settings.basic_endpoint,
        detailed: settings.detailed_endpoint,
        ready: settings.ready_endpoint,
        live: settings.live_endpoint,
      },
      format: settings.response_format,
      parts: {
        version: settings.include_version,
        uptime: settings.include_uptime,
        components: settings.include_components,
        metrics: settings.enable_metrics,
      },
      internalOnly: settings.internal_only,
      maxResponseMs: settings.max_response_time,
    },
    clock,
  })
  return { pages, trust }
}

/** Undefined when it is switched off. */
export function healthFace(
  { config, clock, logger }: Pick<HealthContext, 'config' | 'clock' | 'logger'>,
  routes: readonly RouteGroup[],
): PlainServer | undefined {
  const { enabled, host, port } = config.http_health
  if (!enabled) return undefined
  return new PlainServer({ name: 'health', address: { host, port, key: 'http_health.port' }, routes, clock, logger })
}

function healthPort(context: HealthContext): HealthPort {
  const { config, system, registry, environment } = context
  return {
    environment,
    version: system.version,
    uptimeMs: () => system.uptimeMs(),
    notAlive: () => (system.stopping() ? 'it is being stopped' : undefined),
    notReady: () => notReady(system),
    report: () => report(context),
    camerasJson: (host) => registry.listView(config.faces.public_host ?? host).json,
  }
}

async function report(context: HealthContext): Promise<HealthReport> {
  const { system, clock } = context
  const { status, reasons } = await system.health()
  const wallMs = clock.wallMs()
  const whole = {
    name: 'system',
    status: OVERALL[status],
    message: reasons.length === 0 ? 'all is well' : reasons.join('; '),
    lastCheckedWallMs: wallMs,
  }
  const parts = [mediamtx(context, wallMs), cameras(context, wallMs), await storage(context, wallMs)]
  const components = [...parts, ...security(context, wallMs), whole]
  return { status: whole.status, components, notReady: notServing(components) }
}

function notReady(system: System): string | undefined {
  if (system.stopping()) return 'service is stopping'
  if (!system.ready()) return 'service is starting'
  const overload = system.overload()
  return overload === undefined ? undefined : `service is overloaded: ${overload}`
}

/** A full disk keeps nobody from looking. */
function notServing(components: readonly HealthComponent[]): string | undefined {
  const away = components.find(({ name, status }) => name === 'mediamtx' && status === 'unhealthy')
  return away && `${away.name} is ${away.status}`
}

function mediamtx({ media }: HealthContext, lastCheckedWallMs: number): HealthComponent {
  const name = 'mediamtx'
  if (media === undefined || media.state === 'off') {
    return { name, status: 'stopped', message: 'switched off by configuration', lastCheckedWallMs }
  }
  if (media.state === 'searching')
    return { name, status: 'stopped', message: 'none was found, none is needed', lastCheckedWallMs }
  const { version, detail } = media
  return {
    ...{ name, message: detail, lastCheckedWallMs },
    status: media.state === 'up' ? 'healthy' : 'unhealthy',
    ...(version !== undefined && { details: { version } }),
  }
}

/** Only while there is something to say. What was allowed on purpose is no fault of the service: it is told, and changes no other word. */
function security({ config }: HealthContext, lastCheckedWallMs: number): HealthComponent[] {
  const { jwt_secret_key: secret } = config.security
  const weakness = secret === null ? undefined : secretWeakness(secret)
  if (weakness === undefined) return []
  return [{ name: 'security', status: 'degraded', message: `security.jwt_secret_key: ${weakness}`, lastCheckedWallMs }]
}

function cameras({ registry }: HealthContext, lastCheckedWallMs: number): HealthComponent {
  const all = registry.list()
  const connected = all.filter(({ status }) => status === 'CONNECTED').length
  const failed = all.filter(({ status }) => status === 'ERROR').length
  return {
    name: 'cameras',
    // Cameras come and go; that one of them has a fault is told, and is no fault of the service.
    status: 'healthy',
    message: `${connected} of ${all.length} cameras are connected`,
    lastCheckedWallMs,
    details: { total: all.length, connected, failed },
  }
}

async function storage({ recordings, system, config }: HealthContext, lastCheckedWallMs: number): Promise<HealthComponent> {
  const [usedPercent, seen] = await Promise.all([system.diskUsedPercent(), recordings.storage.faultNow()])
  const { state } = recordings.storage
  const fault = seen ?? standIn(config)
  const used = usedPercent === undefined ? 'the disk cannot be looked at' : `${usedPercent.toFixed(0)} % of the disk is used`
  return {
    name: 'storage',
    status: fault !== undefined && state === 'ok' ? STORAGE_WORDS.low : STORAGE_WORDS[state],
    message: fault ?? used,
    lastCheckedWallMs,
    ...(usedPercent !== undefined && { details: { used_percent: Math.round(usedPercent * 10) / 10 } }),
  }
}
