/** Cameras: who exists, in which state, and who gets their frames. */

export { captureError, nativeCode } from './capture/capture-fault.js'
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
} from './capture/capture-types.js'
export type { Captures, Lease } from './capture/captures.js'
export { type DeviceOwner, findOwner } from './capture/device-owner.js'
export type { CameraFeed, CameraFeeds } from './consumers/feeds.js'
export type { CameraViewers } from './consumers/viewers.js'
export type { ControlSetResult } from './controls/control-result.js'
export type { ControlChange, ControlValue, ControlView } from './controls/control-view.js'
export type { CameraControls } from './controls/controls.js'
export { chooseMode, type ModeWish, wholeFps } from './mode.js'
export { type CameraSelector, cameraAt } from './registry/default-camera.js'
export { cameraIds } from './registry/id-store.js'
export type { CameraRegistry } from './registry/registry.js'
export type { Selection } from './registry/selections.js'
export { pictureSibling } from './registry/siblings.js'
export {
  type CameraListView,
  type CameraStatusView,
  type CapabilitiesView,
  resolution,
  type StreamLinks,
} from './registry/views.js'
export { type Cameras, type CamerasOptions, createCameras } from './service.js'
export type { Camera, CameraEvents, CameraReason, CameraStatus, Mode } from './types.js'
