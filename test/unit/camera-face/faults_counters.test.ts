/** Each kind of fault has a counter that /status and /metrics show, and the last one its reason. */

import { afterAll, beforeAll, expect, it } from 'vitest'
import { state as deviceState } from '../../support/devices.js'
import { ask } from '../../support/raw-http.js'
import { captureRig } from '../cameras/capture-rig.js'
import { STREAMING, type Stage, stage } from './face.js'

let current: Stage
beforeAll(async () => {
  current = await stage()
})
afterAll(() => current.close())

it('counters of faults stand in the status', async () => {
  current.ports.status = { ...STREAMING, lastError: { code: 'STALLED', message: 'it stopped', errno: 0, at: 0 } }
  const status = JSON.parse((await ask(current.port, 'GET', '/status')).body)
  expect(status.drops).toEqual({ driver_gap: 1, error_flag: 2, invalid_jpeg: 3, encoder_busy: 4 })
  expect(status.stats).toMatchObject({ frames_dropped: 10, connection_errors: 5, stream_restarts: 6 })
  expect(status.last_error).toMatchObject({ code: 'STALLED', message: 'it stopped' })
})

it('counters of faults stand in the metrics', async () => {
  const { body } = await ask(current.port, 'GET', '/metrics')
  expect(body).toContain('camera_stream_restarts_total{camera="camera0"} 6\n')
  expect(body).toContain('camera_connection_errors_total{camera="camera0"} 5\n')
  expect(body).toContain('camera_frames_dropped_total{camera="camera0",reason="error_flag"} 2\n')
})

it('cures in the open device are counted over replugs', async () => {
  const { captures, running, stats, tape, handle } = captureRig()
  const { source } = await running()
  stats.set(source, { running: true, frames: 10, restarts: 2 })
  expect(captures.statistics('camera0').streamRestarts).toBe(2)
  handle(tape.gone(deviceState()))
  expect(captures.statistics('camera0').streamRestarts).toBe(2)
})
