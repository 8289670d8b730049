import { describe, expect, it } from 'vitest'
import { pictureSibling } from '../../../../src/cameras/registry/siblings.js'
import type { Camera } from '../../../../src/cameras/types.js'
import { identity } from '../../../support/devices.js'

function camera(device: string, fourcc: string | undefined, overrides: Partial<Camera> = {}): Camera {
  const interval = { num: 1, den: 30 }
  return {
    device,
    identity: device,
    name: device,
    virtual: false,
    status: 'CONNECTED',
    source: `${device}#1`,
    hardware: identity(),
    ...(fourcc === undefined ? {} : { mode: { fourcc, width: 640, height: 480, interval } }),
    ...overrides,
  }
}

const h264 = camera('camera1', 'H264')
const siblingOf = (...others: Camera[]): string | undefined => pictureSibling(h264, [h264, ...others])?.device

describe('the sibling that gives pictures', () => {
  it('is another function of the same device', () => {
    expect(siblingOf(camera('camera0', 'MJPG'))).toBe('camera0')
    expect(siblingOf(camera('camera0', 'MJPG', { hardware: identity({ physicalId: 'usb-other' }) }))).toBeUndefined()
  })

  it('can be captured now', () => {
    const away: Camera = { ...camera('camera0', 'MJPG'), status: 'DISCONNECTED' }
    expect(siblingOf(away, camera('camera2', undefined), camera('camera3', 'H264'))).toBeUndefined()
    expect(siblingOf(camera('camera0', 'MJPG', { status: 'ERROR', reason: 'busy' }))).toBeUndefined()
  })

  it('is nothing that a camera with pictures of its own needs', () => {
    const own = camera('camera1', 'MJPG')
    expect(pictureSibling(own, [own, camera('camera0', 'MJPG')])).toBeUndefined()
  })

  it('is not guessed for devices that cannot be told apart', () => {
    const nameless = camera('camera1', 'H264', { hardware: identity({ physicalId: '' }) })
    const other = camera('camera0', 'MJPG', { hardware: identity({ physicalId: '' }) })
    expect(pictureSibling(nameless, [nameless, other])).toBeUndefined()
  })
})
