/** The camera face's own configuration: config.json, its checks, and how a change reaches the service. */

export type { ChosenMode, Defaults } from './effective.js'
export { readConfig } from './read.js'
export { type CameraConfigOptions, type CameraConfigStore, createCameraConfigStore } from './store.js'
export {
  type Applier,
  type CameraElement,
  type CameraServerConfig,
  type CameraSettings,
  type ConfigChange,
  ConfigRejected,
  ConfigUnreadable,
  ConfigUnwritable,
  type PlannedChange,
  type ServerSettings,
} from './types.js'
