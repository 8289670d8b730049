import { describe, expect, it } from 'vitest'
import { bandwidthNeed, dataRate } from '../../../src/doctor/usb-bandwidth.js'
import { FULL_HD_RAW, HD_MJPEG, usb } from './facts.js'

const VGA_RAW = { fourcc: 'YUYV', width: 640, height: 480, interval: { num: 1, den: 30 } }

describe('the bandwidth of a mode', () => {
  it('is size times rate times bytes per pixel', () => {
    expect(dataRate(VGA_RAW)).toBe(18_432_000)
    expect(dataRate({ ...VGA_RAW, fourcc: 'NV12' })).toBe(13_824_000)
    expect(dataRate({ ...VGA_RAW, interval: { num: 2, den: 15 } })).toBe(4_608_000)
    expect(dataRate(HD_MJPEG)).toBeLessThan(dataRate({ ...HD_MJPEG, fourcc: 'YUYV' }) / 5)
    expect(dataRate({ ...VGA_RAW, fourcc: 'XXXX' })).toBe(dataRate(VGA_RAW))
  })

  it('reserves the smallest packet that carries it', () => {
    // 18.4 MB/s are 2304 bytes in each of 8000 microframes, and the payload header.
    expect(bandwidthNeed(VGA_RAW, usb())).toMatchObject({ payload: 3_072, fits: true, speed: 'high speed' })
    expect(bandwidthNeed(VGA_RAW, usb({ payloads: [1_024, 2_316, 3_072] })).payload).toBe(2_316)
    expect(bandwidthNeed(VGA_RAW, usb({ payloads: [1_024, 2_315, 3_072] })).payload).toBe(3_072)
  })

  it('is the known trouble of USB 2: of two cameras with the largest packets the second does not fit', () => {
    const { share } = bandwidthNeed(VGA_RAW, usb({ payloads: [3_072] }))
    expect(share).toBeGreaterThan(0.6)
    expect(share).toBeLessThan(0.65)
    // Three with 1 KiB do, and a fourth; a fifth does not.
    const small = bandwidthNeed(VGA_RAW, usb({ payloads: [1_024] })).share
    expect(4 * small).toBeLessThan(1)
    expect(5 * small).toBeGreaterThan(1)
  })

  it('says what does not fit, and what would', () => {
    const raw = bandwidthNeed(FULL_HD_RAW, usb())
    expect(raw.fits).toBe(false)
    expect(raw.mostBytesPerS).toBe((3_072 - 12) * 8_000)
    expect(bandwidthNeed(FULL_HD_RAW, usb({ speedMbps: 5_000, payloads: [16_384, 49_152] })).fits).toBe(true)
    expect(bandwidthNeed(HD_MJPEG, usb({ speedMbps: 12, payloads: [1_023] })).fits).toBe(false)
  })

  it('reserves nothing for a camera that streams in bulk', () => {
    expect(bandwidthNeed(VGA_RAW, usb({ payloads: [] }))).toMatchObject({ share: 0, fits: true })
    expect(bandwidthNeed(FULL_HD_RAW, usb({ payloads: [] })).fits).toBe(false)
  })
})
