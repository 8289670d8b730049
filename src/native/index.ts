/** Face of the native core: `loadNative()` and the types of what it answers. */

export { loadNative } from './addon.js'
export { widenBacklog } from './backlog.js'
export { sendDatagram } from './datagram.js'
export type * from './types.js'
