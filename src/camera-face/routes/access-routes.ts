/** Event streams, and the tickets for URLs that cannot carry a header (design §2). */

import type { Tickets } from '../../auth/index.js'
import { ticketPurpose } from '../access/ticket-purpose.js'
import { FAULTS } from '../errors.js'
import type { FacePorts } from '../ports.js'
import { type Answer, type Call, json, NO_STORE, type Reply, type Route } from '../request/call.js'
import { jsonObject } from '../request/json-object.js'
import type { Router } from '../request/router.js'
import type { EventStreams } from '../status/event-streams.js'
import { cameraOf } from './camera-of.js'

const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  ...NO_STORE,
  Connection: 'close',
  'X-Accel-Buffering': 'no',
} as const

export interface AccessRoutesOptions {
  readonly ports: FacePorts
  readonly events: EventStreams
  readonly tickets: Tickets
  /** The table these routes are in; known when the first request comes. */
  readonly router: () => Router
}

export function accessRoutes({ ports, events, tickets, router }: AccessRoutesOptions): readonly Route[] {
  const openEvents = ({ access }: Call): Answer => {
    events.demandRoom()
    return { status: 200, headers: STREAM_HEADERS, take: (socket, head) => events.add(socket, head, access.identity) }
  }

  const issue = ({ body, access, remote }: Call): Reply => {
    const { path, camera } = jsonObject(body)
    if (typeof path !== 'string') throw FAULTS.badParameter('path', 'the path that the ticket is for')
    if (camera !== undefined && typeof camera !== 'string') throw FAULTS.badParameter('camera', 'the id of a camera')
    const routed = router().find('GET', path)
    const kind = routed.kind === 'route' ? routed.route.ticket : undefined
    if (routed.kind !== 'route' || kind === undefined) {
      throw FAULTS.badParameter('path', 'a stream or a snapshot: /video_feed, /snapshot, /events or one of a camera')
    }
    const query = new URLSearchParams(camera === undefined ? {} : { camera })
    const purpose =
      kind === 'events'
        ? ticketPurpose(kind, '')
        : ticketPurpose(kind, cameraOf({ params: routed.params, query }, ports.cameras).id)
    const { identity } = access
    const holder = identity === undefined ? `address ${remote}` : `user ${identity.userId}`
    const { ticket, lifetimeMs } = tickets.issue({ purpose, holder, once: kind === 'snapshot', identity })
    query.set('ticket', ticket)
    return json(201, { ticket, expires_in: lifetimeMs / 1000, url: `${path}?${query.toString()}` })
  }

  return [
    {
      method: 'GET',
      path: '/events',
      role: 'viewer',
      handler: openEvents,
      doc: 'Server-sent events: the state of every camera, then each change.',
      ticket: 'events',
    },
    {
      method: 'POST',
      path: '/api/v1/tickets',
      role: 'viewer',
      handler: issue,
      doc: 'A ticket that opens one stream or snapshot of one camera for a moment: {"path", "camera"?}. Append it as ?ticket=.',
    },
  ]
}
