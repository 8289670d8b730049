/** MJPEG streams: the checks are made here, the frames are sent by the native core (usb-camera-server §4.2, §5). */

import type { Socket } from 'node:net'
import { FAULTS } from '../errors.js'
import type { FacePorts } from '../ports.js'
import { type Answer, type Call, NO_STORE, type QueryParameter, type Route } from '../request/call.js'
import { flagOf, labelOf, numberOf } from '../request/parameters.js'
import type { Viewers } from '../viewers.js'
import { CAMERA_QUERY, cameraOf, namedCamera } from './camera-of.js'

const FPS = { min: 0.1, max: 240 } as const
const MAX_AGE = { min: 0, max: 3_600_000 } as const

const QUERY: readonly QueryParameter[] = [
  { name: 'fps', doc: 'Most frames per second for this viewer.', schema: { type: 'number', minimum: FPS.min, maximum: FPS.max } },
  {
    name: 'max_age_ms',
    doc: 'Frames older than this are not begun.',
    schema: { type: 'number', minimum: 0, maximum: MAX_AGE.max },
  },
  { name: 'advance_headers', doc: '1: the next part’s header is sent with each part, for Blink.', schema: { enum: ['0', '1'] } },
  {
    name: 'dual_final_frames',
    doc: '1: the last frame is sent twice when the picture stops changing, for WebKit.',
    schema: { enum: ['0', '1'] },
  },
  { name: 'extra_headers', doc: '1: X-Frame-… headers in each part.', schema: { enum: ['0', '1'] } },
  { name: 'key', doc: 'Label in the viewer statistics, at most 64 characters.', schema: { type: 'string', maxLength: 64 } },
]

const MULTIPART = 'multipart/x-mixed-replace; boundary=frame'
/** Asked for by our page: WebKit takes a multipart answer apart before a script can read it. The bytes are the same. */
const PLAIN_BYTES = 'application/octet-stream'

const STREAM_HEADERS = {
  ...NO_STORE,
  Connection: 'close',
  'X-Accel-Buffering': 'no',
} as const

export function videoRoutes(ports: Pick<FacePorts, 'cameras'>, viewers: Viewers): readonly Route[] {
  const shared = { method: 'GET', role: 'viewer', handler: videoFeed(ports, viewers), ticket: 'video_feed' } as const
  return [
    {
      ...shared,
      path: '/video_feed',
      doc: 'MJPEG of the default camera. With `Accept: application/octet-stream` the same bytes as that type.',
      query: [CAMERA_QUERY, ...QUERY],
    },
    { ...shared, path: '/cameras/{id}/video_feed', doc: 'MJPEG of one camera.', query: QUERY },
  ]
}

function videoFeed({ cameras }: Pick<FacePorts, 'cameras'>, viewers: Viewers): (call: Call) => Answer {
  return (call) => {
    const { id } = cameraOf(call, cameras)
    const { query, access, remote } = call
    const wish = {
      maxFps: numberOf(query, 'fps', FPS),
      maxAgeMs: numberOf(query, 'max_age_ms', MAX_AGE),
      advanceHeaders: flagOf(query, 'advance_headers'),
      dualFinalFrames: flagOf(query, 'dual_final_frames'),
      extraHeaders: flagOf(query, 'extra_headers'),
      label: labelOf(query, 'key'),
      remote,
    }
    if (!cameras.status(id).isRunning) throw FAULTS.cameraNotRunning()
    viewers.demandRoom(id, access, remote)
    return {
      status: 200,
      headers: { 'Content-Type': call.headers.accept === PLAIN_BYTES ? PLAIN_BYTES : MULTIPART, ...STREAM_HEADERS },
      isLogged: true,
      take: (socket, head) => {
        const fd = descriptorOf(socket)
        if (fd === undefined) throw FAULTS.streamNotPossible('the connection is no plain TCP socket')
        viewers.add(fd, { camera: id, named: namedCamera(call) !== undefined }, { ...wish, head }, access)
        // The core has its own duplicate: closing this one sends nothing.
        socket.destroy()
      },
    }
  }
}

/** Node shows the descriptor nowhere else. */
function descriptorOf(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle')
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}
