/** What the health pages say (contract §11.2), in full or in one word. Pure. */

import { timestamp } from '../../base/clock.js'
import type { HealthComponent, HealthReport } from './report.js'

/** One page: its status code, its document, and the word that says it all. */
export interface HealthPage {
  readonly code: 200 | 500 | 503
  /** A string is JSON already. */
  readonly document: Readonly<Record<string, unknown>> | string
  readonly word: string
  /** What a stranger gets: the word and nothing else. */
  readonly brief: Readonly<Record<string, unknown>>
}

export interface PageFacts {
  readonly wallMs: number
  readonly uptimeMs: number
  readonly version: string
  readonly environment: string
}

export interface PageParts {
  readonly version: boolean
  readonly uptime: boolean
  readonly components: boolean
  readonly metrics: boolean
}

export function overviewPage({ status }: HealthReport, facts: PageFacts, parts: PageParts): HealthPage {
  return { code: 200, document: head(status, facts, parts), word: status, brief: { status } }
}

export function detailedPage(report: HealthReport, facts: PageFacts, parts: PageParts): HealthPage {
  const document = {
    ...head(report.status, facts, parts),
    ...(parts.components && { components: report.components.map(componentBody) }),
    ...(parts.metrics && { metrics: metricsBody(report.components, facts.uptimeMs) }),
    environment: facts.environment,
  }
  return { code: 200, document, word: report.status, brief: { status: report.status } }
}

/** Of one component alone. */
export function componentPage(component: HealthComponent, { wallMs }: PageFacts): HealthPage {
  const { status } = component
  return { code: 200, document: { ...componentBody(component), timestamp: timestamp(wallMs) }, word: status, brief: { status } }
}

/** The list of cameras, which others have rendered: `camerasJson` is an object with members. */
export function cameraListPage({ components }: HealthReport, { wallMs }: PageFacts, camerasJson: string): HealthPage {
  const status = components.find(({ name }) => name === 'cameras')?.status ?? 'unhealthy'
  const head = JSON.stringify({ status, timestamp: timestamp(wallMs) })
  return { code: 200, document: `${head.slice(0, -1)},${camerasJson.slice(1)}`, word: status, brief: { status } }
}

export function readyPage(notReady: string | undefined, wallMs: number): HealthPage {
  const ready = notReady === undefined
  const message = ready ? 'System is ready' : `System not ready: ${notReady}`
  return {
    code: ready ? 200 : 503,
    document: { ready, timestamp: timestamp(wallMs), message },
    word: ready ? 'ready' : 'not_ready',
    brief: { ready },
  }
}

export function livePage(notAlive: string | undefined, wallMs: number): HealthPage {
  const alive = notAlive === undefined
  const message = alive ? 'System is alive' : `System is not alive: ${notAlive}`
  return {
    code: alive ? 200 : 503,
    document: { alive, timestamp: timestamp(wallMs), message },
    word: alive ? 'alive' : 'not_alive',
    brief: { alive },
  }
}

/** The health could not be found out. */
export function failedPage(error: string, wallMs: number): HealthPage {
  const status = 'unhealthy'
  return { code: 500, document: { error, timestamp: timestamp(wallMs), status }, word: status, brief: { status } }
}

/** `72h15m30s`; no unit in front of the first that counts. */
export function uptimeText(uptimeMs: number): string {
  const seconds = Math.floor(uptimeMs / 1000)
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60]
  const rest = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${rest}`
  return minutes > 0 ? `${minutes}m${rest}` : rest
}

function head(status: string, { wallMs, version, uptimeMs }: PageFacts, parts: PageParts): Readonly<Record<string, unknown>> {
  return {
    status,
    timestamp: timestamp(wallMs),
    ...(parts.version && { version }),
    ...(parts.uptime && { uptime: uptimeText(uptimeMs) }),
  }
}

function componentBody({ name, status, message, lastCheckedWallMs, details }: HealthComponent) {
  return { name, status, message, last_checked: timestamp(lastCheckedWallMs), ...(details && { details }) }
}

function metricsBody(components: readonly HealthComponent[], uptimeMs: number): Readonly<Record<string, number>> {
  const count = (word: string): number => components.filter(({ status }) => status === word).length
  return {
    uptime_seconds: Math.round(uptimeMs / 1000),
    component_count: components.filter(({ status }) => status !== 'stopped').length,
    components_healthy: count('healthy'),
    components_degraded: count('degraded'),
    components_unhealthy: count('unhealthy'),
  }
}
