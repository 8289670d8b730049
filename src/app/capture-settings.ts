/** From the camera face's configuration to what each camera is told. Pure. */

import type { CameraElement, CameraServerConfig, CameraSettings } from '../camera-config/index.js'
import type { CameraSelector, CaptureSettings, ModeWish } from '../cameras/index.js'

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
  const element: Partial<CameraElement> = config.cameras?.find(({ id }) => id === device) ?? {}
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

/** Whether the camera face shows a camera. */
export function isServed({ cameras, auto_discover }: CameraServerConfig, device: string, defaultDevice: string): boolean {
  return auto_discover || device === defaultDevice || cameras?.some(({ id }) => id === device) === true
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
