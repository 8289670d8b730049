/** Streams of other machines: found by scans, added by hand, fetched by MediaMTX. */

export { isOwnHost } from './own-host.js'
export {
  type Discovered,
  type DiscoverWish,
  type ExternalList,
  type ExternalOptions,
  ExternalStreams,
  type NewStream,
  type StreamFetcher,
} from './service.js'
export type { ExternalStream, StreamType } from './types.js'
