import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { linesAbout, parseRecord, readKernelLog } from '../../../src/doctor/gather/kernel-log.js'
import { REAL_PLACES } from '../../../src/doctor/gather/places.js'

it('a record of the kernel has an age, a text and a device', () => {
  const record = '6,339,5140900,-;usb 1-4: USB disconnect; device 3\n SUBSYSTEM=usb\n DEVICE=+usb:1-4\n'
  expect(parseRecord(record, 65.1409)).toEqual({ ageS: 60, text: 'usb 1-4: USB disconnect; device 3', device: '+usb:1-4' })
  expect(parseRecord('no record', 1)).toBeUndefined()
  expect(parseRecord('6,1,1,-;', 1)).toBeUndefined()
})

it('lines are about a port or a node, not about one whose name begins alike', () => {
  const texts = [
    'usb 1-4: reset high-speed USB device number 7',
    'usb 1-4.2: reset high-speed USB device number 8',
    'usb 1-41: new device',
    'usb 11-4: new device',
    'uvcvideo 1-4:1.1: Failed to set UVC probe control',
    'video1: something',
    'video10: something',
    'eth0: link up',
  ]
  const lines = [...texts.map((text) => ({ ageS: 1, text })), { ageS: 1, text: 'hub says so', device: '+usb:1-4' }]
  expect(linesAbout(lines, { usbPort: '1-4', node: '/dev/video1' }).map(({ text }) => text)).toEqual([
    'usb 1-4: reset high-speed USB device number 7',
    'uvcvideo 1-4:1.1: Failed to set UVC probe control',
    'video1: something',
    'hub says so',
  ])
})

it('a log that is not there is absent, which is no failure', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'kmsg-'))
  try {
    expect(await readKernelLog({ ...REAL_PLACES, dev: dir })).toEqual({ state: 'absent', lines: [] })
    writeFileSync(join(dir, 'kmsg'), '')
    expect(await readKernelLog({ ...REAL_PLACES, dev: dir })).toEqual({ state: 'read', lines: [] })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
