/** From the camera face's configuration to what each camera is told. Pure. */

import type { CameraElement, CameraServerConfig, CameraSettings } from '../camera-config/index.js'
import type { CameraSelector, CaptureSettings, Mode, ModeWish, Selection } from '../cameras/index.js'

export interface CaptureContext {
  /** Values of the camera keys that an element leaves out. */
  readonly defaults: CameraSettings
  /** Mode of a camera by the service's own file. */
  readonly modes: Readonly<Record<string, ModeWish>>
  /** Size and rate of the default camera are known: they were read, or chosen and written. */
  readonly isSettled: boolean
}

/** A non-null path wins over the index. */
export function defaultSelector({ camera }: Pick<CameraServerConfig, 'camera'>): CameraSelector {
  return camera.device_path === null ? { index: camera.device_index } : { path: camera.device_path }
}

/** The cameras that elements choose by path: each gets the id of its element. */
export function selectionsOf(elements: CameraServerConfig['cameras'] = []): Selection[] {
  return elements.flatMap(({ id, device_path: path }) =>
    typeof path === 'string' ? [{ number: Number(id.slice('camera'.length)), path }] : [],
  )
}

/** What the default camera, `device` now, is told. */
export function defaultCaptureSettings(config: CameraServerConfig, device: string, context: CaptureContext): CaptureSettings {
  const element = config.cameras?.find(({ id }) => id === device)
  const { width, height, fps } = config.camera
  return {
    ...common(config, config.camera),
    enabled: element?.enabled ?? true,
    onDemand: element?.on_demand ?? false,
    wish: { ...context.modes[device], ...(context.isSettled && { width, height, fps }) },
  }
}

/** What any other camera is told; without an element of its own it has the defaults, and is off when only named ones are served. */
export function captureSettings(config: CameraServerConfig, device: string, context: CaptureContext): CaptureSettings {
  const element = elementOf(config.cameras, device)
  const { width, height, fps } = element
  return {
    ...common(config, { ...context.defaults, ...element }),
    enabled: element.enabled ?? true,
    onDemand: element.on_demand ?? true,
    wish: {
      ...context.modes[device],
      ...(width !== undefined && { width }),
      ...(height !== undefined && { height }),
      ...(fps !== undefined && { fps }),
    },
  }
}

/** The keys of a camera that is not the default one, as in force: what its element leaves out is as it is plugged in and opened. */
export function shownSettings(
  { cameras }: Pick<CameraServerConfig, 'cameras'>,
  device: string,
  { node, mode }: { readonly node?: string | undefined; readonly mode?: Mode | undefined },
  defaults: CameraSettings,
): CameraSettings {
  // An element has more keys than a camera.
  const { id: _id, name: _name, enabled: _enabled, on_demand: _onDemand, ...own } = elementOf(cameras, device)
  const digits = /(\d+)$/.exec(node ?? '')?.[1]
  return {
    ...defaults,
    device_index: digits === undefined ? 0 : Number(digits),
    device_path: node ?? null,
    ...(mode !== undefined && { width: mode.width, height: mode.height, fps: shownFps(mode) }),
    ...own,
  }
}

/** 30000/1001 is written as 30, and asked for as that. */
export function shownFps({ interval }: Pick<Mode, 'interval'>): number {
  const fps = interval.den / interval.num
  return Math.abs(fps - Math.round(fps)) < 0.05 ? Math.round(fps) : fps
}

/** Whether the camera face shows a camera. */
export function isServed({ cameras, auto_discover }: CameraServerConfig, device: string, defaultDevice: string): boolean {
  return auto_discover || device === defaultDevice || cameras?.some(({ id }) => id === device) === true
}

function elementOf(cameras: CameraServerConfig['cameras'], device: string): CameraElement {
  return cameras?.find(({ id }) => id === device) ?? { id: device }
}

function common({ server }: CameraServerConfig, camera: CameraSettings): Omit<CaptureSettings, 'enabled' | 'onDemand' | 'wish'> {
  return {
    autoReconnect: camera.auto_reconnect,
    reconnectIntervalMs: camera.reconnect_interval * 1000,
    maxReconnectAttempts: camera.max_reconnect_attempts,
    bufferSize: camera.buffer_size,
    jpegQuality: camera.jpeg_quality,
    maxFrameAgeMs: server.max_frame_age * 1000,
    bandwidthFallback: server.bandwidth_fallback,
  }
}
