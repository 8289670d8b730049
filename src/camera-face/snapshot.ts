/** One picture of a camera (usb-camera-server §4.11): how old it may be, how long to wait, how many frames to let pass. */

import type { Clock } from '../base/clock.js'
import { ServiceError } from '../base/errors.js'
import { FAULTS } from './errors.js'
import type { CamerasPort, FaceFrame, FrameLease } from './ports.js'

export interface SnapshotWish {
  readonly maxAgeMs: number
  readonly timeoutMs: number
  /** Undefined: none when the camera runs already, else enough for its exposure to settle. */
  readonly warmupFrames: number | undefined
}

const COLD_WARMUP_FRAMES = 8
/** Of a camera that does not say how fast it is. */
const USUAL_INTERVAL_MS = 1000 / 30

/** Throws 503 when no frame comes in time or the camera is away. */
export async function takePicture(cameras: CamerasPort, id: string, wish: SnapshotWish, clock: Clock): Promise<FaceFrame> {
  const endsAtMs = clock.nowMs() + wish.timeoutMs
  const hot = cameras.status(id).isConnected
  try {
    const lease = await inTime(cameras.lease(id), wish.timeoutMs, clock)
    try {
      await letPass(lease, wish.warmupFrames ?? (hot ? 0 : COLD_WARMUP_FRAMES), endsAtMs, clock)
      const fps = cameras.figures(id).actual?.fpsNominal
      // The newest frame of a running camera is at most one interval old: waiting for the next one gains nothing.
      const intervalMs = fps === undefined || fps <= 0 ? USUAL_INTERVAL_MS : 1000 / fps
      const maxAgeMs = Math.ceil(Math.max(wish.maxAgeMs, hot ? intervalMs : 0))
      return await lease.grab({ maxAgeMs, timeoutMs: left(endsAtMs, clock) })
    } finally {
      lease.release()
    }
  } catch (thrown) {
    const code = faultCode(thrown)
    throw code === undefined ? thrown : FAULTS.noFrame(code)
  }
}

async function letPass(lease: FrameLease, frames: number, endsAtMs: number, clock: Clock): Promise<void> {
  for (let passed = 0; passed < frames; passed += 1) await lease.grab({ maxAgeMs: 0, timeoutMs: left(endsAtMs, clock) })
}

function left(endsAtMs: number, clock: Clock): number {
  return Math.max(1, Math.ceil(endsAtMs - clock.nowMs()))
}

/** A lease that comes too late is given back by whoever waited for it last: here. */
function inTime(lease: Promise<FrameLease>, timeoutMs: number, clock: Clock): Promise<FrameLease> {
  return new Promise((resolve, reject) => {
    let late = false
    const cancel = clock.after(timeoutMs, () => {
      late = true
      reject(new TooLate('the camera did not start in time'))
    })
    lease.then(
      (held) => {
        cancel()
        if (late) held.release()
        else resolve(held)
      },
      (thrown: unknown) => {
        cancel()
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)))
      },
    )
  })
}

/** What the camera said, as a word; undefined when it was not the camera that failed. */
function faultCode(thrown: unknown): string | undefined {
  if (thrown instanceof TooLate) return 'NO_FRAME'
  if (thrown instanceof ServiceError) {
    if (thrown.code === 'CAMERA_NOT_FOUND') return undefined
    return typeof thrown.data.camera_error === 'string' ? thrown.data.camera_error : 'NO_FRAME'
  }
  // Failures of the core have a call and a code; wrong arguments do not.
  if (!(thrown instanceof Error) || !('call' in thrown) || !('code' in thrown)) return undefined
  return thrown.code === 'TIMEOUT' ? 'NO_FRAME' : String(thrown.code)
}

class TooLate extends Error {}
