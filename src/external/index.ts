/** Streams of other machines: found by scans, added by hand, fetched by MediaMTX. */

export type { StreamFetcher } from './added-stream.js'
export { HostGuard } from './host-guard.js'
export {
  type Discovered,
  type DiscoverWish,
  type ExternalList,
  type ExternalOptions,
  ExternalStreams,
  type NewStream,
} from './service.js'
export type { ExternalStream, StreamType } from './types.js'
