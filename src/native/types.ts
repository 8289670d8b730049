/** All that the addon takes and tells. */

export type * from './capture-types.js'
export type * from './control-types.js'
export type * from './core-types.js'
export type * from './device-types.js'
export type * from './error-types.js'
export type * from './event-types.js'
export type * from './viewer-types.js'
