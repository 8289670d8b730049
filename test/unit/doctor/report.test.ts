import { expect, it } from 'vitest'
import { reportText } from '../../../src/doctor/report.js'
import { findingsOf } from '../../../src/doctor/rules/index.js'
import { camera, machine, usb } from './facts.js'

it('a healthy camera is one line, and all is well', () => {
  const facts = machine({ service: { url: 'http://127.0.0.1:8000', pid: 9, isLate: false } })
  expect(reportText(facts, findingsOf(facts))).toBe(
    [
      '1 camera; looked at as ada; a camera service answers on http://127.0.0.1:8000',
      '',
      'camera0 (/dev/video0): HD Webcam; MJPG 1280x720 at 30 fps; USB port 1-4, 480 Mbit/s, 21 % of its stream time',
      '',
      'All well.',
      '',
    ].join('\n'),
  )
})

it('findings stand below what they are about, with what to do', () => {
  const facts = machine({
    missingNodes: ['/dev/video7'],
    cameras: [camera({ usb: usb({ usbVersion: 3 }) })],
  })
  const text = reportText(facts, findingsOf(facts))
  expect(text).toMatch(/^camera0 .*\n {2}WARNING a USB 3 camera .*\n {10}→ plug it into/m)
  expect(text).toMatch(/^This machine\n {2}ERROR {3}\/dev\/video7: the kernel has this camera/m)
  expect(text).toMatch(/1 error, 1 warning\.\n$/)
})
