import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadNative } from '../../src/native/index.js'
import { eventually, SIZE, virtualOptions, Watched, withCore, withFolder } from './support.js'

const RATES = [30, 15, 10, 5].map((den) => ({ num: 1, den }))

test('virtual cameras appear as ready cameras with the configured mode and lower rates, and are labelled virtual', () =>
  withCore(virtualOptions(2), async ({ core }) => {
    await eventually(() => core.devices().length === 2, 'two virtual cameras')
    const devices = core.devices()
    expect(devices.map(({ source }) => source)).toEqual(['virtual:0', 'virtual:1'])
    expect(devices.map(({ identity }) => identity.id)).toEqual(['virtual-0', 'virtual-1'])
    expect(devices.every((device) => device.virtual && device.node === '' && device.fault === undefined)).toBe(true)
    expect(devices[0]?.report).toMatchObject({
      kind: 'virtual',
      driver: 'virtual',
      formats: [{ fourcc: 'MJPG', compressed: true, sizes: [{ ...SIZE, intervals: RATES }] }],
      current: { ...SIZE, fourcc: 'MJPG' },
    })
  }))

test('events are numbered from 1 without a gap, over devices and captures together', () =>
  withCore(virtualOptions(3), async (watched) => {
    await Promise.all(['virtual:0', 'virtual:1', 'virtual:2'].map((source) => watched.streaming(source)))
    await Promise.all(['virtual:0', 'virtual:1', 'virtual:2'].map((source) => watched.core.stopCapture(source)))
    await watched.seen((event) => event.type === 'capture' && event.state === 'stopped')
    expect(watched.events.map(({ seq }) => seq)).toEqual(watched.events.map((_, at) => at + 1))
    expect(watched.events.every(({ atUs }) => atUs > 0)).toBe(true)
  }))

test('a probe of a virtual camera answers its report, of an unknown source CAMERA_GONE', () =>
  withCore(virtualOptions(1), async (watched) => {
    await watched.ready('virtual:0')
    expect(await watched.core.probe('virtual:0')).toEqual(watched.core.devices()[0]?.report)
    await expect(watched.core.probe('/dev/video7#1')).rejects.toMatchObject({ code: 'CAMERA_GONE' })
    await expect(watched.core.probeControls('/dev/video7#1')).rejects.toMatchObject({ code: 'CAMERA_GONE' })
  }))

test('a node that is created and removed is told as present and gone, and its appearance is over for good', () =>
  withFolder((devDir) =>
    withCore(virtualOptions(0, { devDir, discovery: 'events', relaxDeviceCheck: true }), async (watched) => {
      const node = join(devDir, 'video3')
      // A directory: it exists and cannot be opened as a device, which is what a node without permission is like.
      mkdirSync(node)
      const present = await watched.seen((event) => event.type === 'present')
      expect(present).toMatchObject({ node, virtual: false })
      const first = watched.core.devices()[0]?.source ?? ''
      expect(first).toMatch(/video3#\d+$/)

      rmdirSync(node)
      await watched.seen((event) => event.type === 'gone' && event.source === first)
      expect(watched.core.devices()).toEqual([])

      mkdirSync(node)
      const again = await watched.seen((event) => event.type === 'present' && event.source !== first)
      expect(again).toMatchObject({ node })
      await expect(
        watched.core.startCapture(first, { ...SIZE, fourcc: 'MJPG', interval: { num: 1, den: 30 } }),
      ).rejects.toMatchObject({ code: 'CAMERA_GONE' })
    }),
  ))

test('two cores of one process do not hear each other', () =>
  withCore(virtualOptions(1), async (first) => {
    await first.ready('virtual:0')
    await withCore(virtualOptions(2), async (second) => {
      await second.ready('virtual:1')
      expect(second.core.id).not.toBe(first.core.id)
      expect(first.core.devices()).toHaveLength(1)
      expect(first.events.some((event) => 'source' in event && event.source === 'virtual:1')).toBe(false)
    })
    // The end of one leaves the other running.
    await first.streaming()
    expect(first.core.captureStats('virtual:0')?.running).toBe(true)
  }))

test('a detached view hears nothing more and refuses calls with ABORTED', async () => {
  const watched = new Watched(virtualOptions(1))
  await watched.ready('virtual:0')
  watched.core.detach()
  watched.core.detach()
  expect(() => watched.core.devices()).toThrow(expect.objectContaining({ code: 'ABORTED' }))
  await expect(watched.core.stopCapture('virtual:0')).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(watched.core.shutdown(100)).resolves.toBeUndefined()
  expect(() => loadNative().attach(watched.core.id)).toThrow(expect.objectContaining({ code: 'ABORTED' }))
})
