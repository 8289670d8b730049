/**
 * The typed face of the C++ core. Facts cross this boundary, never frames (except one grabbed JPEG on request).
 * Times named `...Us` are microseconds of CLOCK_MONOTONIC; `...WallMs` are milliseconds since 1970.
 */

/** Every failure of the addon is an Error with these members (besides TypeError/RangeError for wrong arguments). */
export interface NativeError extends Error {
  code: NativeErrorCode
  /** errno's number, 0 when the failure is not a system call's. */
  errno: number
  /** What failed: `open`, an ioctl's name, … */
  call: string
  /** Device node, empty when none is involved. */
  node: string
}

export type NativeErrorCode =
  | 'CAMERA_GONE'
  | 'CAMERA_BUSY'
  | 'NO_BANDWIDTH'
  | 'NO_PERMISSION'
  /** No signal, or no lock on it: an input without a source. */
  | 'NO_SIGNAL'
  | 'NOT_A_CAMERA'
  | 'NOT_STREAMING'
  | 'UNSUPPORTED_FORMAT'
  | 'STALLED'
  | 'TIMEOUT'
  | 'INVALID_PATH'
  | 'DISK_FULL'
  | 'IO'
  | 'ABORTED'
  | 'TOO_MANY_VIEWERS'
  | 'INTERNAL'

/** Stable identity across replugging (v4l2-native §8). Strings are sanitised UTF-8; unknown ones are empty, numbers 0. */
export interface DeviceIdentity {
  /** The key: `usb-VID:PID-SERIAL-iIF-xINDEX`, `usb-VID:PID-@PORT-iIF-xINDEX`, `plat-…` or `virtual-N`. */
  readonly id: string
  /** Earlier ids of the same camera (a serial that turned out not to be unique). */
  readonly aliases: readonly string[]
  /** Same for all functions of one physical device. */
  readonly physicalId: string
  readonly vid: string
  readonly pid: string
  readonly serial: string
  readonly product: string
  readonly manufacturer: string
  /** `controller/portchain` for USB. */
  readonly port: string
  readonly interface: number
  readonly index: number
  readonly speedMbps: number
  readonly byId: string
  readonly byPath: string
  /** `name` of the node in sysfs: the card's name. */
  readonly name: string
}

/** Seconds per frame as a fraction; rate in frames per second = den / num. */
export interface FrameInterval {
  readonly num: number
  readonly den: number
}

export interface FrameSize {
  readonly width: number
  readonly height: number
  /** Driver's order. Empty when the driver names none (rate unknown). */
  readonly intervals: readonly FrameInterval[]
}

export interface PixelFormat {
  /** Four characters, low byte first; `-BE` suffix for big-endian variants. */
  readonly fourcc: string
  readonly description: string
  readonly compressed: boolean
  readonly emulated: boolean
  readonly sizes: readonly FrameSize[]
  /** Present for stepwise and continuous sizes; `sizes` then holds the usual sizes that fit. */
  readonly range?: {
    readonly min: { readonly width: number; readonly height: number }
    readonly max: { readonly width: number; readonly height: number }
    readonly step: { readonly width: number; readonly height: number }
  }
}

export interface DeviceFault {
  readonly code: NativeErrorCode
  readonly errno: number
  readonly call: string
}

/** Answer of probe phase A: immutable (v4l2-native §5). */
export interface DeviceReport {
  readonly node: string
  readonly rdev: string
  readonly kind: 'camera' | 'virtual' | 'pipeline' | 'readonly-io' | 'not-ready'
  readonly driver: string
  readonly card: string
  readonly busInfo: string
  readonly driverVersion: string
  readonly caps: { readonly raw: number; readonly device: number; readonly multiplanar: boolean; readonly streaming: boolean }
  readonly inputs: readonly {
    readonly index: number
    readonly name: string
    readonly type: string
    readonly status: readonly string[]
  }[]
  readonly formats: readonly PixelFormat[]
  readonly current: { readonly width: number; readonly height: number; readonly fourcc: string; readonly sizeImageBytes: number }
  readonly rateSettable: boolean
  /** Metadata and further nodes of the same function. */
  readonly companions: readonly string[]
  readonly durationUs: number
  readonly ioctls: number
  /** An enumeration hit its cap. */
  readonly truncated: boolean
}

/** A 64-bit number: as decimal digits where a JavaScript number would lose some of them. */
export type ControlNumber = number | string

/** Answer of probe phase B. */
export interface DeviceControl {
  readonly id: number
  readonly name: string
  readonly type: 'integer' | 'boolean' | 'menu' | 'button' | 'integer64' | 'string' | 'bitmask' | 'integer-menu' | 'compound'
  /** `grabbed read-only update inactive slider write-only volatile execute-on-write modify-layout broken`. */
  readonly flags: readonly string[]
  readonly minimum: ControlNumber
  readonly maximum: ControlNumber
  readonly step: ControlNumber
  readonly defaultValue: ControlNumber
  /** Absent when it cannot be read; `broken` is then in `flags` if the camera stalled the request. */
  readonly value?: ControlNumber
  readonly menu?: readonly { readonly value: number; readonly label: string }[]
}

export interface ControlWish {
  readonly id: number
  /** Text for string controls and for 64-bit numbers beyond the safe integers. */
  readonly value: ControlNumber
}

/** What came of one wish. */
export interface ControlResult {
  readonly id: number
  /**
   * `clamped`: the device has another value (range or step). `rejected`: no value of this control. `grabbed`: locked by the stream or
   * another control. `inactive`: an automatic control has it and the device takes no value meanwhile. `broken`: the camera stalled
   * the request, now or before.
   */
  readonly outcome: 'applied' | 'clamped' | 'rejected' | 'grabbed' | 'read-only' | 'inactive' | 'broken' | 'unknown' | 'failed'
  /** 0 where no call failed. */
  readonly errno: number
  /** Read back after the last control was set; absent when the control cannot be read. */
  readonly value?: ControlNumber
  /** Without effect now: an automatic control has it. */
  readonly inactive: boolean
}

/**
 * A camera function that is present. `source` names this very appearance (node and generation, e.g. `/dev/video0#3`, or
 * `virtual:0`): a handle from before a replug never reaches the camera that came after.
 */
export interface DeviceState {
  readonly source: string
  readonly node: string
  readonly virtual: boolean
  readonly identity: DeviceIdentity
  readonly report?: DeviceReport
  readonly fault?: DeviceFault
}

interface EventBase {
  /** Gap-free per core. */
  readonly seq: number
  /** When the kernel told it (or the scan found it). */
  readonly atUs: number
}

export type NativeEvent = EventBase &
  (
    | ({ readonly type: 'present' | 'ready' | 'changed' } & DeviceState)
    | { readonly type: 'gone'; readonly source: string; readonly node: string }
    | { readonly type: 'flapping'; readonly source: string; readonly node: string }
    /** Earlier events may be lost: `devices` is all that is present now; captures and feeds are to be looked at anew. */
    | { readonly type: 'resync'; readonly devices: readonly DeviceState[] }
    | {
        readonly type: 'capture'
        readonly source: string
        /**
         * `started`: the device streams; `delivering`: its first good frame; `stalled`: no frame for 2 s or 5 frame intervals,
         * whichever is longer; `restarted`: frames again. `failed` and `gone`: the device is closed.
         */
        readonly state: 'started' | 'delivering' | 'stalled' | 'restarted' | 'failed' | 'stopped' | 'gone'
        /** As in CaptureInfo. */
        readonly session: number
        readonly fault?: DeviceFault
      }
    | {
        readonly type: 'feed_ended'
        readonly feed: number
        readonly source: string
        readonly reason: 'closed' | 'broken_pipe' | 'stalled'
      }
    /** A feed left out frames for its slow reader; told when the first one after them is sent. `atUs`: capture of the first missing. */
    | { readonly type: 'feed_gap'; readonly feed: number; readonly source: string; readonly missed: number }
    /** Somebody waits for JPEGs of a camera that gives H.264, or nobody any more: a decoder (openFeed) makes them. */
    | { readonly type: 'jpeg_demand'; readonly source: string; readonly wanted: boolean }
    | ({ readonly type: 'viewer_ended' } & ViewerEnd)
  )

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

export interface CaptureRequest {
  readonly width: number
  readonly height: number
  readonly fourcc: string
  /** Wanted interval; the driver's answer is in CaptureInfo. */
  readonly interval: FrameInterval
}

export interface CaptureInfo {
  readonly width: number
  readonly height: number
  readonly fourcc: string
  readonly interval: FrameInterval
  readonly buffers: number
  /** Number of this start of the source, growing; events of the capture carry it too. */
  readonly session: number
}

export interface FrameWish {
  /** Newest frame when it is at most this old, else the next one. 0: always the next one. */
  readonly maxAgeMs: number
  /** Longest wait for a frame. */
  readonly timeoutMs: number
}

export interface FrameFacts {
  readonly width: number
  readonly height: number
  readonly sequence: number
  readonly capturedAtUs: number
  readonly capturedWallMs: number
}

export interface GrabbedFrame extends FrameFacts {
  /** A whole JPEG; this caller's own memory. */
  readonly jpeg: Buffer
}

export interface SavedFrame extends FrameFacts {
  readonly file: string
  readonly sizeBytes: number
}

/** A key frame in H.264, with start codes and its parameter sets; this caller's own memory. */
export interface GrabbedUnit extends FrameFacts {
  readonly h264: Buffer
}

export interface FeedOptions {
  /** A child that takes nothing for so long ends the feed. */
  readonly stallMs: number
  /**
   * `newest` (default): a slow reader misses what it is too slow for; of H.264 it goes on with the next key frame.
   * `every`: each frame in order, up to 64 waiting; beyond that frames are left out and `feed_gap` tells it.
   */
  readonly policy?: 'newest' | 'every'
  /** `h264`: access units with start codes, from a key frame on. Default `jpeg`. */
  readonly codec?: 'jpeg' | 'h264'
  /** The child decodes: its output (ffmpeg's `mpjpeg`) goes to `writeFd` and becomes the JPEG frames of the source. */
  readonly decodes?: boolean
}

/** A pipe that carries the source's frames to a child process. */
export interface Feed {
  readonly id: number
  /** Read end for the child's stdin. The caller closes it (closeReadEnd) once the child has it. */
  readonly readFd: number
  /** For the output of a child that decodes. */
  readonly writeFd?: number
}

export interface FeedStats {
  readonly frames: number
  readonly bytes: number
  readonly dropped: number
  /** How often frames were left out of a queue, and how many. */
  readonly gaps: number
  readonly missed: number
}

/** How one viewer wants its stream. */
export interface ViewerOptions {
  /** The head of the HTTP response, sent first as it is; at most 2048 bytes. */
  readonly head: string
  /** At most so many frames per second, 0.1 to 240; absent or 0: all. */
  readonly maxFps?: number
  /** Frames older than this are never begun for this viewer; the channel's limit holds as well. Absent or 0: only that. */
  readonly maxAgeMs?: number
  /** After each picture the boundary and the headers of the next part at once; parts then carry nothing but their type. */
  readonly advanceHeaders?: boolean
  /** A picture that is not followed by another is sent once more. */
  readonly dualFinalFrames?: boolean
  /** `X-Frame-...` headers in each part; without effect beside `advanceHeaders`. */
  readonly extraHeaders?: boolean
  /** Shown in the statistics, at most 256 bytes each. */
  readonly label?: string
  readonly remote?: string
}

export interface ViewerStats {
  readonly viewer: number
  readonly label: string
  readonly remote: string
  readonly sinceWallMs: number
  /** Frames and placeholders that were sent whole. */
  readonly frames: number
  /** All that the socket took, heads included. */
  readonly bytes: number
  /** Frames that this viewer was too slow for; those left out for its `maxFps` do not count. */
  readonly skipped: number
  /** `behind`: a frame is half sent. `ending`: the stream is being closed. */
  readonly state: 'keeping_up' | 'behind' | 'ending'
}

export interface ViewerEnd {
  readonly viewer: number
  readonly channel: string
  /** `closed`: by the viewer. `stalled`: it took no byte for 10 s. `ended`: by us. */
  readonly reason: 'closed' | 'stalled' | 'error' | 'ended'
  readonly frames: number
  readonly bytes: number
  readonly skipped: number
}

/** What viewers see instead of video. */
export interface PlaceholderPicture {
  /** 16 to 16384 pixels; very large ones are drawn smaller in the same shape. */
  readonly width: number
  readonly height: number
  /** The reason in a few words: letters, digits and `: . - #`, shown as capitals; lines are broken at blanks. */
  readonly text: string
}

export interface CaptureStats {
  readonly running: boolean
  readonly frames: number
  readonly bytes: number
  /** Gaps in the driver's sequence numbers. */
  readonly lost: number
  readonly invalidJpeg: number
  /** H.264 pictures that were none. */
  readonly invalidUnits: number
  readonly errorFlag: number
  readonly encoderBusy: number
  readonly restarts: number
  /**
   * Why, where it came at all: `restart_silence`, `restart_poll_error`, `restart_dequeue_error`, `restart_queue_error` (sum: `restarts`),
   * `dequeue_retried`, `start_retried` (cured by a second try), and `invalid_…` for each kind of bad frame.
   */
  readonly causes: Readonly<Record<string, number>>
  /** Measured over the last two seconds. */
  readonly fps: number
  readonly bytesPerSecond: number
  readonly lastFrameAtUs: number
  /** Since the last good frame was captured; absent before the first. */
  readonly lastFrameAgeMs?: number
  /** Frames that the hub keeps now, but for those that are too old. */
  readonly retained: number
}

/** One running core: device monitor, captures, hub. Shared by all threads of the process that attach to it. */
export interface Core {
  readonly id: number
  devices(): DeviceState[]
  /** Phase A now, deadline 2 s. */
  probe(source: string): Promise<DeviceReport>
  /** Phase B, deadline 10 s. */
  probeControls(source: string): Promise<DeviceControl[]>
  /**
   * Sets controls, automatic switches first, and reads them back; deadline 10 s. One result per wish, in their order. A wish that fails
   * keeps no other from being set. Integers out of range are clamped.
   */
  setControls(source: string, wishes: readonly ControlWish[]): Promise<ControlResult[]>
  /** Starts streaming; a second start while running with the same request answers the running mode. */
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
  viewers(channel: string): ViewerStats[]
  /** Cheap. */
  viewerCount(channel: string): number
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
