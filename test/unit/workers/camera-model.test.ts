import { expect, it } from 'vitest'
import { Rendered } from '../../../src/base/rendered.js'
import type { CameraPort, CameraStatus } from '../../../src/rpc/index.js'
import { FarCameras, modelOf } from '../../../src/workers/camera-model.js'

const ANY = 'host-0123456789.invalid'
let names = ['Desk', 'a "quoted" \\ name']

function status(number: number, host: string): CameraStatus {
  const shown = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  return {
    ...{ device: `camera${number}`, status: 'CONNECTED', name: names[number] ?? '', resolution: '640x480', fps: 30 },
    streams: { rtsp: `rtsp://${shown}:8554/camera${number}`, hls: `http://${shown}:8888/camera${number}/index.m3u8` },
  }
}

const own: CameraPort = {
  nodes: () => new Map([['/dev/video4', 'camera1']]),
  list: (host) => new Rendered({ cameras: names.map((_name, number) => status(number, host)), total: 2, connected: 2 }),
  status: (device, host) => new Rendered(status(Number(device.slice(6)), host)),
  capabilities: (device) =>
    new Rendered({ device, formats: ['MJPG'], resolutions: [], fps_options: [30], validation_status: 'CONFIRMED' }),
}

const copied = (): ReturnType<typeof modelOf> => structuredClone(modelOf(own, ANY))

it.each(['cam-host', '192.0.2.7', '[2001:db8::1]', '2001:db8::1'])('answers for %s what home would', (host) => {
  const far = new FarCameras(copied())
  expect(far.list(host).json).toBe(own.list(host).json)
  expect(far.list(host).value).toEqual(own.list(host).value)
  for (const device of ['camera0', 'camera1']) {
    expect(far.status(device, host).json).toBe(own.status(device, host).json)
    expect(far.capabilities(device).json).toBe(own.capabilities(device).json)
  }
  expect(far.nodes().get('/dev/video4')).toBe('camera1')
})

it('renders once per host until something changes', () => {
  const far = new FarCameras(copied())
  expect(far.list('a')).toBe(far.list('a'))
  expect(far.status('camera0', 'a')).toBe(far.status('camera0', 'a'))
  const before = far.list('a')
  names = ['Door', 'Yard']
  far.change(copied())
  expect(far.list('a')).not.toBe(before)
  expect(far.status('camera0', 'a').value.name).toBe('Door')
})

it('keeps few hosts, whatever clients call us', () => {
  const far = new FarCameras(copied())
  const first = far.list('host-0')
  for (let number = 1; number <= 32; number++) far.list(`host-${number}`)
  expect(far.list('host-0')).not.toBe(first)
})

it('knows no camera that home does not', () => {
  const far = new FarCameras(copied())
  for (const ask of [() => far.status('camera7', 'a'), () => far.capabilities('camera7')]) {
    expect(ask).toThrow(expect.objectContaining({ code: 'CAMERA_NOT_FOUND', data: { resource: 'camera', id: 'camera7' } }))
  }
})
