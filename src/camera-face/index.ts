/** The camera face: HTTP on port 8000 for browsers and programs that want pictures (usb-camera-server §3, §4). */

export { statusDocuments } from './facts.js'
export type { Address, Move } from './listeners.js'
export { loadPage } from './page.js'
export type * from './ports.js'
export { type CameraFace, type CameraFaceOptions, createCameraFace } from './server.js'
export type { CameraFaceSettings } from './settings.js'
