import { expect, it } from 'vitest'
import type { Camera } from '../../../../src/cameras/index.js'
import { cameraStatusView, capabilitiesView } from '../../../../src/cameras/registry/views.js'
import { format, report } from '../../../support/devices.js'

const camera: Camera = { device: 'camera3', identity: 'usb-a', name: 'Bench camera', virtual: false, status: 'CONNECTED' }
const formats = [
  format('YUYV', [[640, 480, 15, 30]]),
  format('MJPG', [
    [1280, 720, 60, 5],
    [640, 480, 30],
  ]),
]

it('names each format, size and rate once, the fastest rate first', () => {
  expect(capabilitiesView({ ...camera, report: report(formats) })).toEqual({
    device: 'camera3',
    formats: ['YUYV', 'MJPG'],
    resolutions: ['640x480', '1280x720'],
    fps_options: [60, 30, 15, 5],
    validation_status: 'CONFIRMED',
  })
})

it('says whether the capabilities were seen', () => {
  expect(capabilitiesView({ ...camera, status: 'ERROR' }).validation_status).toBe('NONE')
  expect(capabilitiesView({ ...camera, status: 'DISCONNECTED', report: report(formats) }).validation_status).toBe('DISCONNECTED')
})

it('leaves out of a status what is not known', () => {
  expect(cameraStatusView(camera, {})).toEqual({
    device: 'camera3',
    status: 'CONNECTED',
    name: 'Bench camera',
    resolution: '',
    fps: 0,
    streams: {},
  })
})
