import { describe, expect, it } from 'vitest'
import { candidateName, fillPattern } from '../../../src/base/file-pattern.js'
import { planSnapshot, withExtension } from '../../../src/snapshots/plan.js'

const frame = { width: 1280, height: 720 }
const defaults = { format: 'jpg' as const, quality: 90, maxWidthPx: 1920, maxHeightPx: 1080 }
const plan = (params: object) => planSnapshot({ device: 'camera0', ...params }, frame, defaults)

describe('what a snapshot request asks for', () => {
  it('keeps the frame unchanged when nothing is asked', () => {
    expect(plan({})).toEqual({ format: 'jpg', filename: undefined, conversion: undefined })
    expect(plan({ format: 'jpeg', max_width: 1280, max_height: 720 }).conversion).toBeUndefined()
  })

  it('converts for another format, a quality, a smaller size, or a frame beyond the configured size', () => {
    expect(plan({ format: 'png' }).conversion).toMatchObject({ format: 'png' })
    expect(plan({ quality: 40 }).conversion).toMatchObject({ format: 'jpg', quality: 40 })
    expect(plan({ max_width: 640 }).conversion).toMatchObject({ maxWidthPx: 640, maxHeightPx: 1080, quality: 90 })
    expect(plan({ max_height: 360 }).conversion).toMatchObject({ maxWidthPx: 1920, maxHeightPx: 360 })
    expect(planSnapshot({ device: 'camera0' }, { width: 3840, height: 2160 }, defaults).conversion).toMatchObject({
      maxWidthPx: 1920,
    })
  })

  it('takes quality 0 beside png as no wish', () => {
    expect(plan({ format: 'png', quality: 0 }).conversion).toMatchObject({ format: 'png', quality: 90 })
  })

  it('uses the given name, and adds the extension of the format when it has none', () => {
    expect(plan({ filename: 'door' }).filename).toBe('door.jpg')
    expect(plan({ filename: 'door', format: 'png' }).filename).toBe('door.png')
    expect(plan({ filename: 'door.JPEG' }).filename).toBe('door.JPEG')
    expect(plan({ filename: 'door.png' }).format).toBe('png')
    expect(plan({ filename: 'v1.2' }).filename).toBe('v1.2.jpg')
  })

  it.each([
    '',
    '../x',
    'a/b',
    'a\\b',
    '..',
    'a..b',
    '.hidden',
    'x\u0000y',
    'a:b',
    'a*',
    'a?',
    '<a>',
    'a|b',
    'a"b',
    'x'.repeat(256),
    'é'.repeat(128),
  ])('refuses the name %j', (filename) => {
    expect(() => plan({ filename })).toThrowError(
      expect.objectContaining({ code: 'INVALID_PARAMS', data: expect.objectContaining({ param: 'filename' }) }),
    )
  })

  it('refuses a name whose extension contradicts the format', () => {
    expect(() => plan({ filename: 'a.png', format: 'jpg' })).toThrowError(expect.objectContaining({ code: 'INVALID_PARAMS' }))
  })
})

describe('names of snapshots', () => {
  it('fills the pattern in UTC', () => {
    const wallMs = Date.UTC(2030, 3, 1, 8, 5, 9, 700)
    expect(fillPattern('%device_%timestamp.jpg', 'camera0', wallMs)).toBe(`camera0_${Math.floor(wallMs / 1000)}.jpg`)
    expect(fillPattern('%path_%Y-%m-%d_%H-%M-%S', 'camera2', wallMs)).toBe('camera2_2030-04-01_08-05-09')
    expect(fillPattern('%z%device', 'camera2', wallMs)).toBe('%zcamera2')
  })

  it('puts a counter before the extension', () => {
    expect(candidateName('a.jpg', 1)).toBe('a.jpg')
    expect(candidateName('a.jpg', 2)).toBe('a-2.jpg')
    expect(withExtension('a.jpg', 'png')).toBe('a.png')
    expect(withExtension('a', 'png')).toBe('a.png')
  })
})
