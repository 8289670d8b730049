/** Which camera a request means (usb-camera-server §2.6). */

import { FAULTS } from '../errors.js'
import type { CameraName, CamerasPort } from '../ports.js'
import type { Call, QueryParameter } from '../request/call.js'

const ID = /^camera[0-9]+$/

export const CAMERA_QUERY: QueryParameter = {
  name: 'camera',
  doc: 'Id of the camera; without it the default camera.',
  schema: { type: 'string', pattern: ID.source },
}

type Asked = Pick<Call, 'params' | 'query'>

/** The id in the request as it came; undefined when it means the default camera. */
export function namedCamera({ params, query }: Asked): string | undefined {
  return params.id ?? query.get('camera') ?? undefined
}

/** Throws 400 for an id that is none, 404 for one that is nobody's, 503 while cameras cannot be asked. */
export function cameraOf(call: Asked, cameras: CamerasPort): CameraName {
  if (!cameras.ready) throw FAULTS.notReady()
  const id = namedCamera(call) ?? cameras.defaultId
  if (!ID.test(id)) throw FAULTS.invalidCameraId()
  const camera = cameras.find(id)
  if (camera === undefined) throw FAULTS.cameraNotFound()
  return camera
}
