/** From machine and counters to what status and statistics say. Pure. Written out: these are made for each camera with each status. */

import type { CaptureInfo } from '../../native/index.js'
import type { Totals } from './capture-totals.js'
import type { ActualMode, CaptureState, CaptureStatistics } from './capture-types.js'
import type { Machine } from './reconnect-machine.js'

type StateFacts = Pick<CaptureState, 'device' | 'jpegQualityApplied' | 'nextAttemptMs' | 'lastError' | 'lastReconnect' | 'reason'>

export function captureState({ phase, attempts }: Machine, facts: StateFacts): CaptureState {
  return {
    device: facts.device,
    state: phase === 'idle' ? 'waiting' : phase,
    isRunning: phase !== 'disabled' && phase !== 'given_up',
    isConnected: phase === 'streaming',
    isIdle: phase === 'idle',
    reconnectAttempts: attempts,
    nextAttemptMs: facts.nextAttemptMs,
    lastError: facts.lastError,
    lastReconnect: facts.lastReconnect,
    reason: facts.reason,
    jpegQualityApplied: facts.jpegQualityApplied,
  }
}

type OwnFigures = Pick<
  CaptureStatistics,
  'queueSize' | 'faults' | 'connectionErrors' | 'uptimeStart' | 'uptimeMs' | 'lastReconnect'
>

/** `info`: what the device streams now or streamed last. */
export function captureStatistics(totals: Totals, info: CaptureInfo | undefined, own: OwnFigures): CaptureStatistics {
  const { drops } = totals
  return {
    framesCaptured: totals.frames,
    framesDropped: drops.driverGap + drops.errorFlag + drops.invalidJpeg + drops.encoderBusy,
    drops,
    streamRestarts: totals.restarts,
    causes: totals.causes,
    faults: own.faults,
    connectionErrors: own.connectionErrors,
    uptimeStart: own.uptimeStart,
    uptimeMs: own.uptimeMs,
    lastReconnect: own.lastReconnect,
    lastFrameAgeMs: totals.lastFrameAgeMs,
    queueSize: own.queueSize,
    actual: info && actualMode(totals, info),
  }
}

function actualMode({ fps, bytesPerSecond }: Totals, { width, height, interval, fourcc }: CaptureInfo): ActualMode {
  return {
    width,
    height,
    fpsNominal: interval.den / interval.num,
    fpsMeasured: fps,
    pixelFormat: fourcc,
    bytesPerSecond,
  }
}
