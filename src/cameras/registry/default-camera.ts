/** Which camera is meant where none is named (usb-camera-server §2.3, 2.6, 7). Pure. */

import type { Camera } from '../types.js'
import { isNamed, nodeIndex } from './camera-path.js'

/** `device_path` and `device_index` of the configuration; a path wins. */
export interface CameraSelector {
  readonly path?: string
  readonly index?: number
}

/**
 * The id of the camera that the selector names, else of the first one that is plugged in. A camera that is away keeps its place:
 * `current` stays until another one is named. A node number means the camera that was first seen there, whatever node it is now.
 */
export function defaultCamera(selector: CameraSelector | undefined, cameras: readonly Camera[], current?: string): string {
  const path = selector?.path
  const index = path === undefined ? selector?.index : nodeIndex(path)
  if (path !== undefined && index === undefined) {
    const named = cameras.find((camera) => isNamed(camera, path))
    if (named !== undefined) return named.device
    return current ?? 'camera0'
  }
  if (index !== undefined) {
    const device = `camera${index}`
    // The id of a camera is the number of the node it was first seen at, unless that number was taken.
    const first =
      cameras.find((camera) => camera.device === device) ?? cameras.find((camera) => camera.node === `/dev/video${index}`)
    // A number is the configuration's own default: where no camera ever had it, the first one will do.
    return (first ?? cameras.find((camera) => camera.source !== undefined))?.device ?? device
  }
  if (current !== undefined && cameras.some((camera) => camera.device === current && wasSeen(camera))) return current
  return (cameras.find((camera) => camera.source !== undefined) ?? cameras[0])?.device ?? current ?? 'camera0'
}

/** The id of the camera that a path or selector names now; undefined when it names none that was ever seen. */
export function cameraAt(path: string, cameras: readonly Camera[]): string | undefined {
  return cameras.find((camera) => isNamed(camera, path))?.device
}

function wasSeen(camera: Camera): boolean {
  return camera.source !== undefined || camera.report !== undefined
}
