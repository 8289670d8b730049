/** MediaMTX and the publishers that feed it. */

export type { Credentials } from './client.js'
export type { CameraFeedHandle, CameraFeeds, FeedCamera, FeedStats } from './feeds.js'
export type { CodecOptions } from './ffmpeg-args.js'
export { type Installed, type InstallOptions, installMediamtx } from './install.js'
export type { LinkTemplates, StreamLinks } from './links.js'
export type { MediaOptions } from './options.js'
export { createMedia, type MediaEvents, type MediaService, type MediaState } from './service.js'
export type { StartedStream, StoppedStream, StreamEntry, StreamStatus, StreamUrl } from './stream-shapes.js'
