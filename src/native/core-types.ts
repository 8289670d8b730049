/**
 * The typed face of the C++ core. Facts cross this boundary, never frames (except one grabbed JPEG on request).
 */

import type {
  CaptureInfo,
  CaptureRequest,
  CaptureStats,
  Feed,
  FeedOptions,
  FeedStats,
  FrameWish,
  GrabbedFrame,
  GrabbedUnit,
  SavedFrame,
} from './capture-types.js'
import type { ControlResult, ControlWish, DeviceControl } from './control-types.js'
import type { DeviceReport, DeviceState } from './device-types.js'
import type { NativeEvent } from './event-types.js'
import type { PlaceholderPicture, ViewerOptions, ViewerStats, ViewerTotals } from './viewer-types.js'

export interface CoreOptions {
  /** `/dev`; another directory in tests. */
  readonly devDir: string
  /** `/sys`; another directory in tests. */
  readonly sysfsDir: string
  /** Lowest and highest node number looked at. */
  readonly deviceRange: readonly [number, number]
  /** `events`: inotify plus uevents with a rescan as net; `poll`: rescan only. */
  readonly discovery: 'events' | 'poll'
  readonly rescanMs: number
  /** After which a probe (phase A) that has not ended is told as one; 2000 when absent. */
  readonly probeDeadlineMs?: number
  /** Also listen to the kernel's uevent socket. */
  readonly uevents: boolean
  readonly virtualCameras: { readonly count: number; readonly width: number; readonly height: number; readonly fps: number }
  /** Threads of the raw-to-JPEG pool. */
  readonly encoderThreads: number
  /** Quality of JPEGs made from raw frames, 1 to 100. */
  readonly jpegQuality: number
  /** Limits and threads of the viewers; what is absent has the default of the core. */
  readonly viewers?: {
    /** Of the whole core: 4096. */
    readonly max?: number
    /** Of one channel: 1024. */
    readonly maxPerChannel?: number
    /** Threads that send: 1. */
    readonly threads?: number
  }
  /** Tests only: plain files count as device nodes. */
  readonly relaxDeviceCheck?: boolean
}

/**
 * One running core: device monitor, captures, hub. Shared by all threads of the process that attach to it. After its end a question
 * about a source, a feed or a channel finds none and a setting does nothing: timers of those that take their time to end may
 * still come. What hands something out, or answers by a promise, is refused with ABORTED.
 */
export interface Core {
  readonly id: number
  devices(): DeviceState[]
  /** Phase A now, deadline `probeDeadlineMs`. */
  probe(source: string): Promise<DeviceReport>
  /** Phase B, deadline 10 s. */
  probeControls(source: string): Promise<DeviceControl[]>
  /**
   * Sets controls, automatic switches first, and reads them back; deadline 10 s. One result per wish, in their order. A wish that fails
   * keeps no other from being set. Integers out of range are clamped.
   */
  setControls(source: string, wishes: readonly ControlWish[]): Promise<ControlResult[]>
  /** Starts streaming; a second start while running with the same request answers the running mode, unless it is to start anew. */
  startCapture(source: string, request: CaptureRequest): Promise<CaptureInfo>
  /** Idempotent; resolves when the device is closed. */
  stopCapture(source: string): Promise<void>
  /** One JPEG from the hub; the capture must be running (NOT_STREAMING otherwise). */
  grab(source: string, wish: FrameWish): Promise<GrabbedFrame>
  /** One key frame of a capture in H.264, asked for at the camera when the newest is too old. Rejects as `grab`. */
  grabKeyFrame(source: string, wish: FrameWish): Promise<GrabbedUnit>
  /**
   * Writes one JPEG unchanged into `dir` on a thread of the core: temporary name, fsync, rename (never over an existing file:
   * IO with errno EEXIST), fsync of the directory. `name` has no separator.
   */
  saveFrame(source: string, wish: FrameWish, dir: string, name: string): Promise<SavedFrame>
  /** The feed waits for frames of `source` across capture restarts; a child that takes nothing for `stallMs` ends it. */
  openFeed(source: string, options: FeedOptions): Feed
  closeReadEnd(feed: number): void
  closeFeed(feed: number): void
  feedStats(feed: number): FeedStats | undefined
  /** Counters are kept over restarts of the source. `maxFrameAgeMs`: frames up to this age count as `retained`; all by default. */
  captureStats(source: string, maxFrameAgeMs?: number): CaptureStats | undefined
  /** Frames that the hub of the source keeps, 1 to 64; over restarts, from the next frame on. */
  setRetained(source: string, frames: number): void
  /** Quality of JPEGs that we make of the source's frames, 1 to 100; over restarts, from the next frame on. */
  setJpegQuality(source: string, quality: number): void
  /**
   * What viewers watch is a channel: it outlives cameras, captures and modes, and comes into being when it is first named.
   * From its next frame on they see `source`; its newest one at once if it is young enough. Of two calls the later holds.
   */
  showSource(channel: string, source: string): void
  /** Viewers see this picture at once and then once per second. */
  showPlaceholder(channel: string, picture: PlaceholderPicture): void
  /** Frames older than this are never begun; when nothing fresh came for so long the placeholder is shown. 5000 at first. */
  setMaxFrameAge(channel: string, maxFrameAgeMs: number): void
  /**
   * The core sends the stream from now on, over a duplicate of the socket: the caller destroys its own. Nothing may have been
   * sent yet, and nothing unread may lie there. Answers the viewer's number. TOO_MANY_VIEWERS; IO with EMFILE, EBADF and the
   * like; ABORTED.
   */
  addViewer(fd: number, channel: string, options: ViewerOptions): number
  /** Ends one viewer in order: the frame that was begun, the closing boundary, the end of the stream. */
  endViewer(viewer: number): void
  /** The same for all of a channel, or of all channels. */
  endViewers(channel?: string): void
  /** No viewer of any channel gets more frames per second, whatever it asked for; 0 to 240, 0: no such limit, as at first. */
  limitViewerRate(maxFps: number): void
  viewers(channel: string): ViewerStats[]
  /** Cheap. */
  viewerCount(channel: string): number
  /** Cheap. */
  viewerTotals(): ViewerTotals
  /** Leaves this thread's view. The last view out, or `shutdown`, ends the core. */
  detach(): void
  /** Stops captures, closes devices, joins threads (stuck ones are written off after `timeoutMs`). Idempotent. */
  shutdown(timeoutMs: number): Promise<void>
}

export interface Addon {
  /** Starts a core. `onEvents` gets batches in order on this thread; the addon alone does not keep the process alive. */
  open(options: CoreOptions, onEvents: (events: NativeEvent[]) => void): Core
  /** Another thread's view of a running core, without events. Throws ABORTED when it is gone. */
  attach(coreId: number): Core
}
