/** The camera face: HTTP on port 8000 for browsers and programs that want pictures (usb-camera-server §3, §4). */

export type { Address, Move } from './listening/listeners.js'
export { pageOf } from './page.js'
export type * from './ports.js'
export { type CameraFace, type CameraFaceOptions, createCameraFace } from './server.js'
export type { CameraFaceSettings } from './settings.js'
export { statusDocuments } from './status/facts.js'
