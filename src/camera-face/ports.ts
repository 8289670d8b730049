/** What the camera face needs from the rest of the service. It knows nothing else of cameras, configuration or the native core. */

import type { FaultCount } from '../base/fault-counts.js'
import type { FaultTable } from './faults.js'

/** States of usb-camera-server §7. */
export type CaptureWord = 'disabled' | 'opening' | 'streaming' | 'stalled' | 'waiting' | 'given_up'

export interface CameraName {
  /** Wire id, `camera0`. */
  readonly id: string
  readonly name: string
  /** Identity document (v4l2-native §8) as it is shown; null while the camera has never been seen. */
  readonly identity: unknown
}

export interface CaptureStatus {
  readonly state: CaptureWord
  readonly isRunning: boolean
  readonly isConnected: boolean
  /** Nobody wants frames and the camera captures on demand only: no frames is no fault. */
  readonly isIdle: boolean
  readonly reconnectAttempts: number
  /** Wall-clock milliseconds; undefined before the first. */
  readonly lastReconnectMs?: number | undefined
  readonly lastError?: CaptureFault | undefined
}

export interface CaptureFault {
  readonly code: string
  readonly message: string
  readonly errno: number
  /** Wall-clock milliseconds. */
  readonly at: number
}

export interface CaptureFigures {
  readonly queueSize: number
  readonly framesCaptured: number
  readonly drops: {
    readonly driver_gap: number
    readonly error_flag: number
    readonly invalid_jpeg: number
    readonly encoder_busy: number
  }
  /** Cures in the open device. */
  readonly streamRestarts: number
  /** Why streams were restarted and frames were invalid; only what came. */
  readonly causes: Readonly<Record<string, number>>
  readonly connectionErrors: number
  /** What went wrong with the camera, by code. */
  readonly faults: readonly FaultCount[]
  /** Wall-clock milliseconds at which counting began. */
  readonly startedMs: number
  /** Milliseconds since then by the monotonic clock. */
  readonly uptimeMs: number
  /** Monotonic; undefined before the first frame. */
  readonly lastFrameAgeMs?: number | undefined
  /** Undefined before the first frame. */
  readonly actual?: ActualMode | undefined
}

export interface ActualMode {
  readonly width: number
  readonly height: number
  readonly fpsNominal: number
  /** Over the last 2 s. */
  readonly fpsMeasured: number
  readonly pixelFormat: string
  readonly bytesPerSecond: number
}

export interface FaceFrame {
  readonly jpeg: Buffer
  readonly sequence: number
  /** Wall-clock milliseconds of the capture, with a fraction. */
  readonly capturedWallMs: number
}

/** Frames for as long as it is held. */
export interface FrameLease {
  /** Rejects when no frame comes in time or the camera is lost. `maxAgeMs` 0: the next frame. */
  grab(wish: { readonly maxAgeMs: number; readonly timeoutMs: number }): Promise<FaceFrame>
  /** Idempotent. */
  release(): void
}

export interface CamerasPort {
  /** False until the camera layer can be asked. */
  readonly ready: boolean
  /** Rises when something other than a figure may be different: a camera, its name or its state. */
  readonly revision: number
  /** All cameras, by number. */
  list(): readonly CameraName[]
  /** Id of the camera that routes without an id mean; it may never have been seen yet. */
  readonly defaultId: string
  /** Undefined when there is no such camera; the default one always exists. */
  find(id: string): CameraName | undefined
  status(id: string): CaptureStatus
  figures(id: string): CaptureFigures
  /** The ten `camera.*` keys as in force now, and whether the quality reaches the pictures. */
  settings(id: string): { readonly config: Readonly<Record<string, unknown>>; readonly jpegQualityApplied: boolean }
  /** The probe document (v4l2-native §5); undefined before the first answer. */
  capabilities(id: string): unknown
  /** True once frames come; false when they do not within `waitMs`. Rejects for an internal error only. */
  restart(id: string, waitMs: number): Promise<boolean>
  /** Rejects when the camera cannot be had now. */
  lease(id: string): Promise<FrameLease>
  /** Hears the id of a camera whose state may be different now. */
  onStateChanged(listener: (id: string) => void): () => void
}

export interface ViewerWish {
  /** HTTP response header, complete with its blank line. */
  readonly head: string
  readonly maxFps?: number | undefined
  readonly maxAgeMs?: number | undefined
  readonly advanceHeaders: boolean
  readonly dualFinalFrames: boolean
  readonly extraHeaders: boolean
  readonly label: string
  readonly remote: string
}

export interface ViewerFigures {
  readonly label: string
  readonly remote: string
  readonly frames: number
  readonly bytes: number
  readonly skipped: number
  /** Wall-clock milliseconds. */
  readonly sinceMs: number
  readonly state: string
}

export interface ViewerEnd {
  readonly viewer: number
  readonly reason: string
  readonly frames: number
  readonly bytes: number
  readonly skipped: number
}

export interface ViewersPort {
  /**
   * Duplicates the descriptor and streams the camera's pictures to it from now on, those of whichever is the default camera when
   * `id` is undefined; the caller destroys its own socket. Throws a system error, or one with the code TOO_MANY_VIEWERS. The camera
   * captures for as long as the viewer is there.
   */
  add(fd: number, id: string | undefined, wish: ViewerWish): number
  end(viewer: number): void
  /** Each with its closing boundary. */
  endAll(): void
  count(id: string): number
  list(id: string): readonly ViewerFigures[]
  /** Hears of each viewer's end, exactly once. */
  onEnded(listener: (end: ViewerEnd) => void): () => void
}

/** What a change of the configuration did: dotted keys. */
export interface AppliedChange {
  readonly changed: readonly string[]
  readonly applied: readonly string[]
  readonly pending: readonly string[]
}

/** `problems`: refused as a whole; `reason`: it cannot be read or kept. Nothing changed then. */
export interface ConfigPort {
  /** The effective configuration, as `GET /config` shows it. */
  readonly document: unknown
  /** Rules of this face, in force for the next request. */
  readonly rules: WebRules
  put(document: unknown): Promise<AppliedChange | { readonly problems: readonly string[] } | { readonly reason: string }>
  reload(): Promise<AppliedChange | { readonly reason: string }>
}

export interface WebRules {
  readonly corsOrigins: readonly string[]
  readonly trustedHosts: readonly string[]
  /** `*` in `corsOrigins` opens management too. */
  readonly crossOriginManagement: boolean
  readonly maxFrameAgeMs: number
}

export interface ControlsPort {
  list(id: string): Promise<unknown>
  /** Name or number of a control to the value wanted; a result for each, whatever became of it. */
  set(id: string, wanted: Readonly<Record<string, unknown>>): Promise<unknown>
  /** Gives controls their defaults, all or those named, and forgets what was remembered of them. Rejects for a name that is none. */
  reset(id: string, names: readonly string[] | undefined): Promise<unknown>
}

/** A file of the page, in memory. */
export interface PageAsset {
  readonly bytes: Buffer
  readonly type: string
  /** Quoted, as in the header. */
  readonly etag: string
}

/** Path below the page's folder to the file: `index.html`, `main.js`, … */
export type PageAssets = ReadonlyMap<string, PageAsset>

export interface FacePorts {
  readonly cameras: CamerasPort
  readonly viewers: ViewersPort
  readonly config: ConfigPort
  readonly controls: ControlsPort
  readonly page: () => Promise<PageAssets>
  /** Faults that are counted outside of this face. */
  readonly faults?: () => FaultTable
  /** Ends the process gracefully; called when the answer is on its way. */
  readonly shutdown: () => void
}
