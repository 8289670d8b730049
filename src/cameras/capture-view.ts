/** From machine and counters to what status and statistics say. Pure. */

import type { CaptureInfo } from '../native/index.js'
import type { Totals } from './capture-totals.js'
import type { CaptureState, CaptureStatistics } from './capture-types.js'
import type { Machine } from './reconnect-machine.js'

export function captureWords({
  phase,
  attempts,
}: Machine): Pick<CaptureState, 'state' | 'isRunning' | 'isConnected' | 'isIdle' | 'reconnectAttempts'> {
  return {
    state: phase === 'idle' ? 'waiting' : phase,
    isRunning: phase !== 'disabled' && phase !== 'given_up',
    isConnected: phase === 'streaming',
    isIdle: phase === 'idle',
    reconnectAttempts: attempts,
  }
}

type FrameFigures = Pick<
  CaptureStatistics,
  'framesCaptured' | 'framesDropped' | 'drops' | 'streamRestarts' | 'causes' | 'queueSize' | 'lastFrameAgeMs' | 'actual'
>

/** `info`: what the device streams now or streamed last. */
export function frameFigures(totals: Totals, info: CaptureInfo | undefined): FrameFigures {
  const { drops } = totals
  return {
    framesCaptured: totals.frames,
    framesDropped: drops.driverGap + drops.errorFlag + drops.invalidJpeg + drops.encoderBusy,
    drops,
    streamRestarts: totals.restarts,
    causes: totals.causes,
    queueSize: totals.queueSize,
    ...(totals.lastFrameAgeMs === undefined ? {} : { lastFrameAgeMs: totals.lastFrameAgeMs }),
    ...(info === undefined
      ? {}
      : {
          actual: {
            width: info.width,
            height: info.height,
            fpsNominal: info.interval.den / info.interval.num,
            fpsMeasured: totals.fps,
            pixelFormat: info.fourcc,
            bytesPerSecond: totals.bytesPerSecond,
          },
        }),
  }
}
