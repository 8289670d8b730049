/** What is asked often: liveness, readiness, states and figures (usb-camera-server §4.3, §4.4, §4.11). */

import type { Clock } from '../../base/clock.js'
import type { FaceFaults } from '../faults.js'
import type { FacePorts } from '../ports.js'
import { type Call, json, jsonText, NO_STORE, type Route } from '../request/call.js'
import { flagOf } from '../request/parameters.js'
import { allCameras, briefFactsOf, factsOf } from '../status/facts.js'
import { localIso } from '../status/local-time.js'
import { metricsText } from '../status/metrics.js'
import { OtherCameras } from '../status/others.js'
import { isOverdue, listDocument, serverDocument, statusDocument } from '../status/status.js'
import { CAMERA_QUERY, cameraOf } from './camera-of.js'

const VIEWERS_QUERY = { name: 'viewers', doc: '1: with each viewer.', schema: { enum: ['0', '1'] } }

export interface StatusRoutesOptions {
  readonly ports: FacePorts
  readonly faults: FaceFaults
  readonly clock: Clock
  /** Monotonic milliseconds from which uptime counts. */
  readonly startedMs: number
}

export function statusRoutes({ ports, faults, clock, startedMs }: StatusRoutesOptions): readonly Route[] {
  const { cameras, config } = ports
  const others = new OtherCameras(ports, clock)
  const oneStatus = (call: Call): Record<string, unknown> =>
    statusDocument(factsOf(cameraOf(call, cameras), ports, flagOf(call.query, 'viewers')))

  const status = (call: Call) => {
    const camera = cameraOf(call, cameras)
    const facts = factsOf(camera, ports, flagOf(call.query, 'viewers'))
    const document = JSON.stringify({ ...statusDocument(facts), server: serverDocument(faults.table()) })
    const inShort = others.json(camera.id)
    return jsonText(200, inShort === undefined ? document : `${document.slice(0, -1)},"cameras":${inShort}}`)
  }

  /** Everybody hears that it lives; how it is doing, only those who may look. */
  const health = ({ access }: Call) => {
    const alive = { status: 'healthy', timestamp: localIso(clock.wallMs()) }
    if (access.role === undefined) return json(200, alive)
    const all = cameras.ready ? cameras.list() : []
    return json(200, {
      ...alive,
      uptime: (clock.nowMs() - startedMs) / 1000,
      cameras_total: all.length,
      cameras_connected: all.filter(({ id }) => cameras.status(id).isConnected).length,
    })
  }

  const ready = ({ access }: Call) => {
    const { maxFrameAgeMs } = config.rules
    const late = cameras.ready ? allCameras(ports).filter((name) => isOverdue(briefFactsOf(name, ports), maxFrameAgeMs)) : []
    if (cameras.ready && late.length === 0) return json(200, { status: 'ready' })
    const detail = 'Not every camera delivers frames'
    const code = 'NOT_READY'
    const ids = late.map(({ id }) => id)
    const named = access.role === undefined ? {} : { cameras: ids }
    const refusal = { code, reason: `${detail}: ${ids.join(', ') || 'they cannot be asked yet'}` }
    return { ...json(503, { status: 'not_ready', detail, code, ...named }), refusal }
  }

  return [
    {
      method: 'GET',
      path: '/health',
      role: undefined,
      handler: health,
      doc: 'Whether the server lives, whatever the cameras do.',
    },
    {
      method: 'GET',
      path: '/health/ready',
      role: undefined,
      handler: ready,
      doc: '200 when every enabled camera delivered a frame within max_frame_age, else 503 with those that did not.',
    },
    {
      method: 'GET',
      path: '/status',
      role: 'viewer',
      handler: status,
      doc: 'State and figures of the default camera, and in short of the others; figures of those are up to 0.1 s old.',
      query: [CAMERA_QUERY, VIEWERS_QUERY],
    },
    {
      method: 'GET',
      path: '/cameras',
      role: 'viewer',
      handler: () =>
        json(
          200,
          allCameras(ports).map((name) => listDocument(briefFactsOf(name, ports))),
        ),
      doc: 'All cameras.',
    },
    {
      method: 'GET',
      path: '/cameras/{id}',
      role: 'viewer',
      handler: (call) => json(200, oneStatus(call)),
      doc: 'State and figures of one camera.',
      query: [VIEWERS_QUERY],
    },
    {
      method: 'GET',
      path: '/metrics',
      role: 'viewer',
      handler: () => ({
        status: 200,
        headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8', ...NO_STORE },
        body: metricsText(
          allCameras(ports).map((name) => briefFactsOf(name, ports)),
          faults.table(),
        ),
      }),
      doc: 'The figures in the text format of Prometheus.',
    },
  ]
}
