/** A healthy machine with one healthy camera: each test changes what it is about. */

import type { CameraFacts, MachineFacts, UsbPlace } from '../../../src/doctor/facts.js'

export const HD_MJPEG = { fourcc: 'MJPG', width: 1280, height: 720, interval: { num: 1, den: 30 } } as const
export const FULL_HD_RAW = { fourcc: 'YUYV', width: 1920, height: 1080, interval: { num: 1, den: 30 } } as const

export function usb(overrides: Partial<UsbPlace> = {}): UsbPlace {
  return {
    port: '1-4',
    bus: 1,
    speedMbps: 480,
    usbVersion: 2,
    payloads: [128, 512, 1024, 2048, 3072],
    power: { control: 'on', runtimeStatus: 'active', maxPowerMa: 500 },
    ...overrides,
  }
}

export function camera(overrides: Partial<CameraFacts> = {}): CameraFacts {
  return {
    device: 'camera0',
    name: 'HD Webcam',
    node: '/dev/video0',
    driver: 'uvcvideo',
    kind: 'camera',
    inputStatus: [],
    access: { owner: 'root', group: { gid: 44, name: 'video' }, mode: 0o660, mayOpen: true },
    mode: HD_MJPEG,
    usb: usb(),
    log: [],
    ...overrides,
  }
}

export function machine(overrides: Partial<MachineFacts> = {}): MachineFacts {
  return {
    account: {
      uid: 1000,
      user: 'ada',
      groups: [{ gid: 1000, name: 'ada' }],
      granted: [],
    },
    uvcModule: 'loaded',
    hasVideoClass: true,
    missingNodes: [],
    staleNodes: [],
    usbVideo: [],
    otherNodes: [],
    cameras: [camera()],
    kernelLog: 'read',
    seesAllProcesses: true,
    ...overrides,
  }
}
