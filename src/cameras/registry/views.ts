/** A camera in the contract's shapes (json-rpc-api §9.2). Pure. */

import { wholeFps } from '../mode.js'
import type { Camera, CameraStatus } from '../types.js'

/** URLs of a camera's stream for one client; empty while nothing can play them. */
export interface StreamLinks {
  readonly rtsp?: string
  readonly hls?: string
  readonly webrtc?: string
}

export interface CameraView {
  readonly device: string
  readonly status: CameraStatus
  readonly name: string
  readonly resolution: string
  readonly fps: number
  readonly streams: StreamLinks
}

export interface CameraListView {
  readonly cameras: readonly CameraView[]
  readonly total: number
  readonly connected: number
}

export interface CameraStatusView extends CameraView {
  readonly capabilities?: { readonly formats: readonly string[]; readonly resolutions: readonly string[] }
}

export interface CapabilitiesView {
  readonly device: string
  readonly formats: readonly string[]
  readonly resolutions: readonly string[]
  readonly fps_options: readonly number[]
  readonly validation_status: 'NONE' | 'DISCONNECTED' | 'CONFIRMED'
}

export function cameraView(camera: Camera, streams: StreamLinks): CameraView {
  return {
    device: camera.device,
    status: camera.status,
    name: camera.name,
    resolution: resolution(camera),
    fps: camera.mode === undefined ? 0 : wholeFps(camera.mode.interval),
    streams,
  }
}

export function cameraStatusView(camera: Camera, streams: StreamLinks): CameraStatusView {
  const view = cameraView(camera, streams)
  if (camera.report === undefined) return view
  const { formats, resolutions } = capabilitiesView(camera)
  return { ...view, capabilities: { formats, resolutions } }
}

export function capabilitiesView(camera: Camera): CapabilitiesView {
  const formats = camera.report?.formats ?? []
  const sizes = formats.flatMap((format) => format.sizes)
  return {
    device: camera.device,
    formats: unique(formats.map((format) => format.fourcc)),
    resolutions: unique(sizes.map((size) => `${size.width}x${size.height}`)),
    fps_options: unique(sizes.flatMap((size) => size.intervals.map(wholeFps))).sort((a, b) => b - a),
    validation_status: validationStatus(camera),
  }
}

/** `WxH` of the mode a capture uses, empty when there is none. */
export function resolution(camera: Camera): string {
  return camera.mode === undefined ? '' : `${camera.mode.width}x${camera.mode.height}`
}

function validationStatus(camera: Camera): CapabilitiesView['validation_status'] {
  if (camera.status === 'DISCONNECTED') return 'DISCONNECTED'
  return camera.report === undefined ? 'NONE' : 'CONFIRMED'
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)]
}
