/** The one table of routes: what is answered, who may ask, `Allow`, the description and the manual all come from it. */

import type { Tickets } from '../../auth/index.js'
import type { Clock } from '../../base/clock.js'
import type { FaceFaults } from '../faults.js'
import { openApi } from '../openapi.js'
import type { FacePorts } from '../ports.js'
import { json, type Route } from '../request/call.js'
import { Router } from '../request/router.js'
import type { CameraFaceSettings } from '../settings.js'
import type { EventStreams } from '../status/event-streams.js'
import type { Viewers } from '../viewers.js'
import { accessRoutes } from './access-routes.js'
import { cameraRoutes } from './camera-routes.js'
import { managementRoutes } from './management-routes.js'
import { pageRoutes } from './page-routes.js'
import { snapshotRoutes } from './snapshot-routes.js'
import { statusRoutes } from './status-routes.js'
import { videoRoutes } from './video-feed.js'

export interface RouteParts {
  readonly ports: FacePorts
  readonly faults: FaceFaults
  readonly viewers: Viewers
  readonly events: EventStreams
  readonly tickets: Tickets
  readonly clock: Clock
  readonly settings: Pick<CameraFaceSettings, 'restartMs' | 'maxSnapshots'>
  /** Monotonic milliseconds from which uptime counts. */
  readonly startedMs: number
  readonly pid: number
  readonly version: string
  /** Hears what a restart that nobody waits for failed with. */
  readonly onLateFailure: (camera: string, thrown: unknown) => void
}

export function routeTable(parts: RouteParts): readonly Route[] {
  const { ports, faults, viewers, events, tickets, clock, settings, startedMs, pid, version, onLateFailure } = parts
  const routes: readonly Route[] = [
    ...pageRoutes(ports.page),
    ...videoRoutes(ports, viewers),
    ...snapshotRoutes(ports, clock, settings.maxSnapshots),
    ...statusRoutes({ ports, faults, clock, startedMs }),
    ...cameraRoutes(ports),
    ...managementRoutes({ ports, pid, restartMs: settings.restartMs, onLateFailure }),
    ...accessRoutes({ ports, events, tickets, router: () => router }),
    {
      method: 'GET',
      path: '/openapi.json',
      role: 'viewer',
      handler: () => json(200, openApi(routes, version)),
      doc: 'This description in the form of OpenAPI.',
    },
  ]
  const router = new Router(routes)
  return routes
}
