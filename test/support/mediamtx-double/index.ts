/** The MediaMTX double: `new MediamtxDouble()`, `start`, then break it. */

export { type DoubleOptions, MediamtxDouble } from './double.js'
export type { Faults } from './faults.js'
