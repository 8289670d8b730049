import { describe, expect, it } from 'vitest'
import { chooseMode, wholeFps } from '../../../src/cameras/mode.js'
import { format, report } from '../../support/devices.js'

describe('the mode a capture uses', () => {
  it('prefers MJPEG to a larger raw picture', () => {
    const mode = chooseMode(report([format('YUYV', [[1920, 1080, 5]]), format('MJPG', [[1280, 720, 30]])]))
    expect(mode).toEqual({ fourcc: 'MJPG', width: 1280, height: 720, interval: { num: 1, den: 30 } })
  })

  it('takes the largest size up to 1920x1080 at no more than 30 fps', () => {
    const mode = chooseMode(
      report([
        format('MJPG', [
          [640, 480, 60, 30],
          [3840, 2160, 30],
          [1920, 1080, 60, 30, 15],
        ]),
      ]),
    )
    expect(mode).toMatchObject({ width: 1920, height: 1080, interval: { num: 1, den: 30 } })
  })

  it('takes the smallest of sizes that are all too large', () => {
    expect(
      chooseMode(
        report([
          format('MJPG', [
            [3840, 2160, 30],
            [2560, 1440, 30],
          ]),
        ]),
      ),
    ).toMatchObject({ width: 2560, height: 1440 })
  })

  it('takes the slowest rate when all are faster than wanted', () => {
    expect(chooseMode(report([format('MJPG', [[640, 480, 120, 60]])]))?.interval).toEqual({ num: 1, den: 60 })
  })

  it('falls back to raw without MJPEG, and to H.264 only when nothing else is offered', () => {
    const h264 = format('H264', [[1920, 1080, 30]])
    expect(chooseMode(report([h264, format('YUYV', [[640, 480, 30]])]))?.fourcc).toBe('YUYV')
    expect(chooseMode(report([h264]))).toMatchObject({ fourcc: 'H264', width: 1920 })
    expect(chooseMode(report([format('HEVC', [[640, 480, 30]])]))).toBeUndefined()
  })

  it('takes H.264 beside other formats when that is the wish', () => {
    const formats = [format('MJPG', [[640, 480, 30]]), format('H264', [[640, 480, 30]])]
    expect(chooseMode(report(formats), { fourcc: 'H264' })?.fourcc).toBe('H264')
  })

  it('uses the current size of a driver that enumerates none', () => {
    const bare = { ...format('YUYV', []), sizes: [] }
    const current = { width: 320, height: 240, fourcc: 'YUYV', sizeImageBytes: 153_600 }
    expect(chooseMode(report([bare], { current }))).toMatchObject({ width: 320, height: 240 })
  })

  it('follows a wish where the camera can', () => {
    const formats = [
      format('MJPG', [
        [1280, 720, 30, 15],
        [640, 480, 30, 15],
      ]),
      format('YUYV', [[640, 480, 30]]),
    ]
    expect(chooseMode(report(formats), { width: 640, height: 480, fps: 15 })).toMatchObject({
      fourcc: 'MJPG',
      width: 640,
      interval: { num: 1, den: 15 },
    })
    expect(chooseMode(report(formats), { fourcc: 'YUYV' })?.fourcc).toBe('YUYV')
  })

  it('takes the size that differs least from one that the camera has not', () => {
    const formats = [
      format('YUYV', [[720, 480, 30]]),
      format('NV12', [
        [1280, 720, 30],
        [640, 480, 30],
      ]),
    ]
    expect(chooseMode(report(formats), { width: 650, height: 470 })).toMatchObject({ fourcc: 'NV12', width: 640 })
    expect(chooseMode(report(formats), { width: 711, height: 480 })).toMatchObject({ fourcc: 'YUYV', width: 720 })
    expect(chooseMode(report(formats), { width: 4000, height: 3000 })).toMatchObject({ fourcc: 'NV12', width: 1280 })
  })

  it('takes 30000/1001 for a wish of 29.97', () => {
    const sizes = [
      {
        width: 640,
        height: 480,
        intervals: [
          { num: 1001, den: 30_000 },
          { num: 1, den: 15 },
        ],
      },
    ]
    expect(chooseMode(report([{ ...format('MJPG', []), sizes }]), { fps: 29.97 })?.interval).toEqual({ num: 1001, den: 30_000 })
  })

  it('ignores formats that the kernel only emulates', () => {
    expect(chooseMode(report([{ ...format('MJPG', [[640, 480, 30]]), emulated: true }]))).toBeUndefined()
  })

  it('rounds rates that are fractions', () => {
    expect(wholeFps({ num: 1001, den: 30_000 })).toBe(30)
    expect(wholeFps({ num: 2, den: 15 })).toBe(8)
  })
})
