/** What a capture is told and what it tells (usb-camera-server §2.2, 4.3, 7, 10). */

import type { FaultCount } from '../../base/fault-counts.js'
import type { NativeErrorCode } from '../../native/index.js'
import type { ModeWish } from '../mode.js'

/** Stands for the default camera wherever a device is asked for, and names its channel for viewers. */
export const DEFAULT_CAMERA = 'default'

export interface CaptureSettings {
  /** False: no frames for anybody. */
  readonly enabled: boolean
  /** False: captures always; true: only while somebody wants frames. */
  readonly onDemand: boolean
  readonly wish: ModeWish
  readonly autoReconnect: boolean
  readonly reconnectIntervalMs: number
  /** Consecutive failures until it gives up; 0: never. */
  readonly maxReconnectAttempts: number
  /** Frames that the hub keeps, 1 to 32. */
  readonly bufferSize: number
  /** Of JPEGs that we make, and offered to cameras that make their own; 1 to 100. */
  readonly jpegQuality: number
  /** Older frames are not shown. */
  readonly maxFrameAgeMs: number
  /** Without USB bandwidth: try MJPEG, then lower rates, then lower sizes. */
  readonly bandwidthFallback: boolean
}

/** `opening` until the first good frame, `streaming` from then on. */
export type CaptureWord = 'disabled' | 'opening' | 'streaming' | 'stalled' | 'waiting' | 'given_up'

export interface CaptureFault {
  readonly code: NativeErrorCode
  /** One sentence; of a busy camera with its owner. */
  readonly message: string
  /** 0 when no system call failed. */
  readonly errno: number
  /** Wall-clock milliseconds, whatever the wall clock said when it happened. */
  readonly at: number
}

export interface CaptureState {
  readonly device: string
  readonly state: CaptureWord
  /** The capture service of the camera is on, also while it waits for the camera. */
  readonly isRunning: boolean
  /** Frames come. */
  readonly isConnected: boolean
  /** Captures on demand and nobody wants frames (`waiting`, then): no fault. */
  readonly isIdle: boolean
  /** Failed attempts since frames came last. */
  readonly reconnectAttempts: number
  /** Until the next attempt, while one is planned. */
  readonly nextAttemptMs?: number | undefined
  /** The last failure; kept when frames come again. */
  readonly lastError?: CaptureFault | undefined
  /** Wall-clock milliseconds. */
  readonly lastReconnect?: number | undefined
  /** Why there is no picture, as viewers read it. */
  readonly reason?: string | undefined
  /** The pictures have the configured quality: we make them, or the camera took it over. */
  readonly jpegQualityApplied: boolean
}

export interface ActualMode {
  readonly width: number
  readonly height: number
  readonly fpsNominal: number
  /** Over the last two seconds; 0 while no frames come. */
  readonly fpsMeasured: number
  /** Fourcc. */
  readonly pixelFormat: string
  readonly bytesPerSecond: number
}

/** Frames that should have reached consumers and did not, by cause (usb-camera-server §6.4). */
export interface CaptureDrops {
  readonly driverGap: number
  readonly errorFlag: number
  readonly invalidJpeg: number
  readonly encoderBusy: number
}

/** Counters never go back, over restarts and replugs. */
export interface CaptureStatistics {
  readonly framesCaptured: number
  /** Sum of `drops`. */
  readonly framesDropped: number
  readonly drops: CaptureDrops
  /** Times the stream was stopped and started in the open device, to cure a silence or an error. */
  readonly streamRestarts: number
  /** Why streams were restarted and frames were invalid, and what a second try cured; only what came. Names as the core has them. */
  readonly causes: Readonly<Record<string, number>>
  /** What went wrong with the camera, by code; one that went while it was open is a CAMERA_GONE. */
  readonly faults: readonly FaultCount[]
  /** Failed opens and streams that failed. */
  readonly connectionErrors: number
  /** Wall-clock milliseconds when counting began. */
  readonly uptimeStart: number
  /** Since then, by the monotonic clock. */
  readonly uptimeMs: number
  /** Wall-clock milliseconds of the last success after a failure or a loss. */
  readonly lastReconnect?: number | undefined
  /** Monotonic; absent before the first frame. */
  readonly lastFrameAgeMs?: number | undefined
  /** Frames kept that are young enough to be shown. */
  readonly queueSize: number
  /** Absent before the first start. */
  readonly actual?: ActualMode | undefined
}

/** Told on every change of state, and when a reason becomes clearer. */
export interface CaptureStateChange {
  readonly device: string
  readonly state: CaptureWord
  readonly reason?: string | undefined
}

/** Whether a camera that waits or gave up is to be tried anew. */
export function attemptsDiffer(a: CaptureSettings, b: CaptureSettings): boolean {
  return (
    a.autoReconnect !== b.autoReconnect ||
    a.reconnectIntervalMs !== b.reconnectIntervalMs ||
    a.maxReconnectAttempts !== b.maxReconnectAttempts ||
    a.bandwidthFallback !== b.bandwidthFallback ||
    JSON.stringify(a.wish) !== JSON.stringify(b.wish)
  )
}
