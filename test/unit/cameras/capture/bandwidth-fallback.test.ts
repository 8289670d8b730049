import { describe, expect, it } from 'vitest'
import { fallbackModes } from '../../../../src/cameras/capture/bandwidth-fallback.js'
import { format, report } from '../../../support/devices.js'

const words = (modes: ReturnType<typeof fallbackModes>): string[] =>
  modes.map(({ fourcc, width, interval }) => `${fourcc} ${width} ${interval.den / interval.num}`)

describe('modes that need less bandwidth', () => {
  it('are MJPEG first, then lower rates, then lower sizes', () => {
    const facts = report([
      format('YUYV', [
        [640, 480, 30],
        [320, 240, 30],
      ]),
      format('MJPG', [
        [1280, 720, 30],
        [640, 480, 30, 15],
        [320, 240, 60, 30],
      ]),
    ])
    const raw = { fourcc: 'YUYV', width: 640, height: 480, interval: { num: 1, den: 30 } }
    expect(words(fallbackModes(facts, raw))).toEqual(['MJPG 640 30', 'MJPG 640 15', 'MJPG 320 30'])
    expect(words(fallbackModes(facts, { ...raw, fourcc: 'MJPG' }))).toEqual(['MJPG 640 15', 'MJPG 320 30'])
  })

  it('of a camera without MJPEG are of its own format, and none is the mode itself', () => {
    const facts = report([format('YUYV', [[640, 480, 30, 10]])])
    const mode = { fourcc: 'YUYV', width: 640, height: 480, interval: { num: 1, den: 30 } }
    expect(words(fallbackModes(facts, mode))).toEqual(['YUYV 640 10'])
    expect(fallbackModes(facts, { ...mode, interval: { num: 2, den: 20 } })).toEqual([])
  })
})
