import { expect, it } from 'vitest'
import { captureStatsOf } from '../../../src/native/capture-figures.js'

const FIGURES = [1, 10, 20_000, 3, 4, 5, 6, 7, 8, 29.5, 1_000, 77, 2_500, 2]
const CAUSES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]

it('reads the numbers of the addon in its order', () => {
  expect(captureStatsOf(Float64Array.from([...FIGURES, ...CAUSES]))).toEqual({
    running: true,
    frames: 10,
    bytes: 20_000,
    lost: 3,
    invalidJpeg: 4,
    invalidUnits: 5,
    errorFlag: 6,
    encoderBusy: 7,
    restarts: 8,
    causes: {
      restart_silence: 1,
      restart_poll_error: 2,
      restart_dequeue_error: 3,
      restart_queue_error: 4,
      dequeue_retried: 5,
      start_retried: 6,
      invalid_too_short: 7,
      invalid_no_start: 8,
      invalid_bad_segment: 9,
      invalid_no_scan: 10,
      invalid_no_dimensions: 11,
      invalid_wrong_size: 12,
      invalid_truncated: 13,
      invalid_h264: 5,
    },
    fps: 29.5,
    bytesPerSecond: 1_000,
    lastFrameAtUs: 77,
    lastFrameAgeMs: 2.5,
    retained: 2,
  })
})

it('leaves out what never came', () => {
  const stats = captureStatsOf(Float64Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 0, ...CAUSES.map(() => 0)]))
  expect(stats).toMatchObject({ running: false, causes: {} })
  expect(stats).not.toHaveProperty('lastFrameAgeMs')
})
