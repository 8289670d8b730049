/** Device facts as the native core tells them, for tests of what stands on it. */

import type { DeviceIdentity, DeviceReport, DeviceState, NativeEvent, PixelFormat } from '../../src/native/index.js'

export function identity(overrides: Partial<DeviceIdentity> = {}): DeviceIdentity {
  return {
    id: 'usb-046d:0825-SN1-i0-x0',
    aliases: [],
    physicalId: 'usb-046d:0825-SN1',
    vid: '046d',
    pid: '0825',
    serial: 'SN1',
    product: 'Bench camera',
    manufacturer: 'Maker',
    port: 'usb1/1.2',
    interface: 0,
    index: 0,
    speedMbps: 480,
    byId: '',
    byPath: '',
    name: 'Bench camera',
    ...overrides,
  }
}

export function format(fourcc: string, sizes: readonly [number, number, ...number[]][]): PixelFormat {
  return {
    fourcc,
    description: fourcc,
    compressed: fourcc === 'MJPG',
    emulated: false,
    sizes: sizes.map(([width, height, ...rates]) => ({ width, height, intervals: rates.map((fps) => ({ num: 1, den: fps })) })),
  }
}

export function report(formats: readonly PixelFormat[], overrides: Partial<DeviceReport> = {}): DeviceReport {
  return {
    node: '/dev/video0',
    rdev: '81:0',
    kind: 'camera',
    driver: 'uvcvideo',
    card: 'Bench camera',
    busInfo: 'usb-0000:00:14.0-1.2',
    driverVersion: '6.1.0',
    caps: { raw: 0x84a00001, device: 0x04200001, multiplanar: false, streaming: true },
    inputs: [],
    formats,
    current: { width: 640, height: 480, fourcc: 'MJPG', sizeImageBytes: 614_400 },
    rateSettable: true,
    companions: [],
    durationUs: 200,
    ioctls: 40,
    truncated: false,
    ...overrides,
  }
}

export const MJPEG_720 = format('MJPG', [[1280, 720, 30, 15]])

export function state(overrides: Partial<DeviceState> = {}): DeviceState {
  return { source: '/dev/video0#1', node: '/dev/video0', virtual: false, identity: identity(), ...overrides }
}

/** Gives each event its place in the sequence. */
export class EventTape {
  #seq = 0

  present(device: DeviceState): NativeEvent {
    return { ...this.#base(), type: 'present', ...device }
  }

  ready(device: DeviceState, formats: readonly PixelFormat[] = [MJPEG_720]): NativeEvent {
    return { ...this.#base(), type: 'ready', ...device, report: report(formats, { node: device.node }) }
  }

  gone(device: DeviceState): NativeEvent {
    return { ...this.#base(), type: 'gone', source: device.source, node: device.node }
  }

  resync(devices: readonly DeviceState[]): NativeEvent {
    return { ...this.#base(), type: 'resync', devices }
  }

  #base(): { readonly seq: number; readonly atUs: number } {
    this.#seq += 1
    return { seq: this.#seq, atUs: this.#seq * 1_000 }
  }
}
