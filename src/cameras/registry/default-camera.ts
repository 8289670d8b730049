/** Which camera is meant where none is named (usb-camera-server §2.3, 2.6, 7). Pure. */

import type { Camera } from '../types.js'

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
  const index = nodeIndex(path)
  return cameras.find((camera) => (index === undefined ? isNamed(camera, path) : camera.node === path))?.device
}

function wasSeen(camera: Camera): boolean {
  return camera.source !== undefined || camera.report !== undefined
}

function nodeIndex(path: string): number | undefined {
  const digits = /^\/dev\/video(\d{1,3})$/.exec(path)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** By a link that udev makes, or by a selector: `usb:VID:PID[:SERIAL]`, `usb-port:CONTROLLER/PORTS`. */
function isNamed({ hardware }: Camera, path: string): boolean {
  if (hardware === undefined) return false
  const { vid, pid, serial, port, byId, byPath } = hardware
  return [
    `/dev/v4l/by-id/${byId}`,
    `/dev/v4l/by-path/${byPath}`,
    `usb:${vid}:${pid}`,
    `usb:${vid}:${pid}:${serial}`,
    `usb-port:${port}`,
  ].includes(path)
}
