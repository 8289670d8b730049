/** Cameras: who exists, in which state, and who gets their frames. */

export { captureError, nativeCode } from './capture-fault.js'
export {
  type ActualMode,
  type CaptureDrops,
  type CaptureFault,
  type CaptureSettings,
  type CaptureState,
  type CaptureStateChange,
  type CaptureStatistics,
  type CaptureWord,
  DEFAULT_CAMERA,
} from './capture-types.js'
export type { Captures, Lease } from './captures.js'
export type { ControlSetResult } from './control-result.js'
export type { ControlChange, ControlValue, ControlView } from './control-view.js'
export type { CameraControls } from './controls.js'
export { type CameraSelector, cameraAt } from './default-camera.js'
export { type DeviceOwner, findOwner } from './device-owner.js'
export type { CameraFeed, CameraFeeds } from './feeds.js'
export { cameraIds } from './id-store.js'
export { chooseMode, type ModeWish, wholeFps } from './mode.js'
export type { CameraRegistry } from './registry.js'
export { type Cameras, type CamerasOptions, createCameras } from './service.js'
export { pictureSibling } from './siblings.js'
export type { Camera, CameraEvents, CameraReason, CameraStatus, Mode } from './types.js'
export type { CameraViewers } from './viewers.js'
export {
  type CameraListView,
  type CameraStatusView,
  type CapabilitiesView,
  cameraView,
  resolution,
  type StreamLinks,
} from './views.js'
