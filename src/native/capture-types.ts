/**
 * Captures, their frames, and the feeds that carry them to children.
 * Times named `...Us` are microseconds of CLOCK_MONOTONIC; `...WallMs` are milliseconds since 1970.
 */

import type { FrameInterval } from './device-types.js'

export interface CaptureRequest {
  readonly width: number
  readonly height: number
  readonly fourcc: string
  /** Wanted interval; the driver's answer is in CaptureInfo. */
  readonly interval: FrameInterval
  /** The device is closed first, although it may run in this mode already; who waits for a frame waits on. */
  readonly anew?: boolean
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
  /** An end of a pipe that a child reads already: frames go into it, and `readFd` is -1. */
  readonly intoFd?: number
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
