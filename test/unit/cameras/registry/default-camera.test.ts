import { describe, expect, it } from 'vitest'
import { defaultCamera } from '../../../../src/cameras/registry/default-camera.js'
import type { Camera } from '../../../../src/cameras/types.js'
import { identity } from '../../../support/devices.js'

function camera(number: number, node: string | undefined, hardware: Parameters<typeof identity>[0] = {}): Camera {
  const device = `camera${number}`
  return {
    device,
    identity: device,
    name: device,
    virtual: false,
    status: node === undefined ? 'DISCONNECTED' : 'CONNECTED',
    hardware: identity(hardware),
    ...(node === undefined ? {} : { source: `${node}#1`, node }),
  }
}

const ONE = camera(1, '/dev/video4', {
  port: 'usb1/1.1',
  byId: 'usb-A-video-index0',
  byPath: 'pci-1',
  serial: 'S1',
  vid: '0a',
  pid: '01',
})
const TWO = camera(2, '/dev/video1', {
  port: 'usb1/1.2',
  byId: 'usb-B-video-index0',
  byPath: 'pci-2',
  serial: 'S2',
  vid: '0b',
  pid: '02',
})
const AWAY = camera(3, undefined)

describe('the default camera', () => {
  it('is the first one that is plugged in, and stays it when it goes', () => {
    expect(defaultCamera(undefined, [])).toBe('camera0')
    expect(defaultCamera(undefined, [AWAY, ONE, TWO])).toBe('camera1')
    expect(defaultCamera(undefined, [{ ...ONE, report: {} as never }, TWO], 'camera1')).toBe('camera1')
    expect(defaultCamera(undefined, [ONE, TWO], 'camera2')).toBe('camera2')
    expect(defaultCamera(undefined, [AWAY])).toBe('camera3')
  })

  it('named by a node is the camera first seen there, else the one that is there, else the first', () => {
    expect(defaultCamera({ path: '/dev/video1' }, [ONE, TWO])).toBe('camera1')
    expect(defaultCamera({ path: '/dev/video3' }, [ONE, TWO, AWAY])).toBe('camera3')
    expect(defaultCamera({ path: '/dev/video4' }, [ONE, TWO])).toBe('camera1')
    expect(defaultCamera({ index: 2 }, [ONE, TWO])).toBe('camera2')
    expect(defaultCamera({ path: '/dev/video9' }, [AWAY, TWO])).toBe('camera2')
    expect(defaultCamera({ path: '/dev/video9' }, [])).toBe('camera9')
  })

  it('is named by the path when an index is given too', () => {
    expect(defaultCamera({ path: '/dev/video2', index: 1 }, [ONE, TWO])).toBe('camera2')
  })

  it.each(['/dev/v4l/by-id/usb-B-video-index0', '/dev/v4l/by-path/pci-2', 'usb:0b:02', 'usb:0b:02:S2', 'usb-port:usb1/1.2'])(
    'may be named by %s',
    (path) => {
      expect(defaultCamera({ path }, [ONE, TWO])).toBe('camera2')
      // Nobody else takes its place while it is away.
      expect(defaultCamera({ path }, [ONE], 'camera2')).toBe('camera2')
    },
  )
})
