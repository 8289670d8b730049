/** What a path or selector of the configuration says of a camera (v4l2-native §3, 8). Pure. */

import type { DeviceIdentity } from '../../native/index.js'

export interface Findable {
  /** Device node of the present appearance. */
  readonly node?: string | undefined
  readonly hardware?: DeviceIdentity | undefined
}

/** N of `/dev/videoN`; undefined for everything that names the camera itself and not its place in the order of discovery. */
export function nodeIndex(path: string): number | undefined {
  const digits = /^\/dev\/video(\d{1,3})$/.exec(path)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/** By its node now, by a link that udev makes, or by a selector: `usb:VID:PID[:SERIAL]`, `usb-port:CONTROLLER/PORTS`. */
export function isNamed({ node, hardware }: Findable, path: string): boolean {
  if (nodeIndex(path) !== undefined) return node === path
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
