/** MediaMTX and the publishers that feed it. */

export type { Credentials } from './api/client.js'
export type { RuntimePath } from './api/wire.js'
export { type Installed, type InstallOptions, installMediamtx } from './install/install.js'
export type { MediaFigures } from './meter.js'
export type { MediaOptions } from './options.js'
export type { RecordingWish, SourceWish } from './paths/wishes.js'
export {
  CAMERA_GONE,
  type CameraFeedHandle,
  type CameraFeeds,
  type FeedCamera,
  type FeedPipe,
  type FeedStats,
} from './publish/feeds.js'
export type { CodecOptions } from './publish/ffmpeg-args.js'
export { createMedia, type MediaEvents, type MediaService, type MediaState } from './service.js'
export type { LinkTemplates, StreamLinks } from './streams/links.js'
export type { StartedStream, StoppedStream, StreamEntry, StreamStatus, StreamUrl } from './streams/shapes.js'
