/** Cameras that are one device: some give H.264 on a node of its own, beside one with pictures. Pure. */

import type { Camera } from '../types.js'

function givesH264(camera: Camera): boolean {
  return camera.mode?.fourcc === 'H264'
}

/** Another function of the same device that can be captured as pictures now; only for a camera that gives H.264. */
export function pictureSibling(camera: Camera, cameras: readonly Camera[]): Camera | undefined {
  const physicalId = camera.hardware?.physicalId
  if (!givesH264(camera) || physicalId === undefined || physicalId === '') return undefined
  return cameras.find(
    (other) =>
      other.device !== camera.device &&
      other.hardware?.physicalId === physicalId &&
      other.status === 'CONNECTED' &&
      other.source !== undefined &&
      other.mode !== undefined &&
      !givesH264(other),
  )
}
