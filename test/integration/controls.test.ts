/** Controls of a virtual camera through the whole service: over the socket, into the picture, onto the disk and back. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

interface Controls {
  readonly controls: readonly {
    readonly name: string
    readonly id: number
    readonly value: unknown
    readonly inactive: boolean
  }[]
}

let service: RunningService
let client: RpcClient

beforeAll(async () => {
  service = await startService({ args: ['--virtual-cameras', '1'] })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('operator'))
  await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }))
})
afterAll(async () => {
  await client?.close()
  expect(await service?.stop()).toBe(0)
})

const set = (controls: object): Promise<Controls> => client.call('set_camera_controls', { device: 'camera0', controls })
const errorOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )

async function meanLuma(): Promise<number> {
  const taken = await client.call<{ readonly file_path: string }>('take_snapshot', { device: 'camera0' })
  const { channels } = await sharp(readFileSync(taken.file_path)).greyscale().stats()
  return channels[0]?.mean ?? Number.NaN
}

describe('controls of a running service', () => {
  it('are listed with ranges, menus, values and what is inactive', async () => {
    const { controls } = await client.call<Controls>('get_camera_controls', { device: 'camera0' })
    expect(controls.map(({ name }) => name)).toEqual(['brightness', 'gain_automatic', 'gain', 'negative', 'test_pattern'])
    expect(controls[0]).toMatchObject({ label: 'Brightness', type: 'integer', minimum: -64, maximum: 64, default: 0, value: 0 })
    expect(controls[1]).toMatchObject({ type: 'boolean', value: true })
    expect(controls[2]).toMatchObject({ inactive: true })
    expect(controls[4]).toMatchObject({ menu: [{ value: 0, label: 'Colour Bars' }, { value: 1 }, { value: 2 }] })
  })

  it('change the picture, and every subscriber hears of it once', async () => {
    const other = await RpcClient.connect(service.url)
    await other.login(service.token('viewer'))
    await other.call('subscribe_events', { topics: ['camera.control_changed'] })
    const before = await meanLuma()
    expect(await set({ brightness: 60, test_pattern: 'plain grey' })).toMatchObject({
      device: 'camera0',
      controls: [
        { name: 'brightness', status: 'applied', value: 60 },
        { name: 'test_pattern', status: 'applied', value: 2 },
      ],
    })
    await vi.waitFor(async () => expect(await meanLuma()).toBeGreaterThan(before + 30), 10_000)
    const told = () =>
      other.texts
        .map((text) => JSON.parse(text) as { readonly method?: string; readonly params?: unknown })
        .filter(({ method }) => method === 'camera.control_changed')
        .map(({ params }) => params)
    await vi.waitFor(() => expect(told().length).toBeGreaterThanOrEqual(2))
    expect(told()).toEqual([
      { device: 'camera0', control: 'brightness', value: 60, inactive: false, timestamp: expect.stringMatching(/Z$/) },
      { device: 'camera0', control: 'test_pattern', value: 2, inactive: false, timestamp: expect.stringMatching(/Z$/) },
    ])
    await other.close()
  })

  it('refuse a value they cannot have, naming control, range and menu, and then none is set', async () => {
    expect(await errorOf(set({ negative: true, brightness: 65 }))).toMatchObject({
      code: -32602,
      data: { control: 'brightness', minimum: -64, maximum: 64, rule: 'integer between -64 and 64' },
    })
    expect(await errorOf(set({ test_pattern: 9 }))).toMatchObject({
      code: -32602,
      data: { control: 'test_pattern', menu: [{ value: 0 }, { value: 1 }, { value: 2 }] },
    })
    expect(await errorOf(set({ sharpness: 9 }))).toMatchObject({
      code: -32602,
      data: { control: 'sharpness', known: expect.arrayContaining(['gain']) },
    })
    for (const wrong of [{}, [], 5, { brightness: null }, { brightness: {} }]) {
      expect(await errorOf(set(wrong as object))).toMatchObject({ code: -32602, data: { param: 'controls' } })
    }
    const { controls } = await client.call<Controls>('get_camera_controls', { device: 'camera0' })
    expect(controls.find(({ name }) => name === 'negative')?.value).toBe(false)
  })

  it('are for operators to set, for viewers to see', async () => {
    const viewer = await RpcClient.connect(service.url)
    await viewer.login(service.token('viewer'))
    expect(await viewer.call<Controls>('get_camera_controls', { device: 'camera0' })).toMatchObject({ device: 'camera0' })
    for (const method of ['set_camera_controls', 'reset_camera_controls']) {
      const call = viewer.call(method, { device: 'camera0', controls: method.startsWith('set') ? { gain: 1 } : ['gain'] })
      expect(await errorOf(call)).toMatchObject({ code: -32002 })
    }
    expect(await errorOf(viewer.call('get_camera_controls', { device: 'camera7' }))).toMatchObject({ code: -32010 })
    await viewer.close()
  })

  it('are remembered for the camera until they are reset', async () => {
    await set({ gain_automatic: false, gain: 150 })
    const stored = () => JSON.parse(readFileSync(join(service.stateDir, 'controls.json'), 'utf8')).cameras
    expect(stored()['virtual-0']).toMatchObject({ gain_automatic: { value: 0 }, gain: { value: 150 } })
    expect(await client.call('reset_camera_controls', { device: 'camera0', controls: ['gain'] })).toMatchObject({
      controls: [{ name: 'gain', status: 'applied', value: 100 }],
    })
    expect(Object.keys(stored()['virtual-0'])).not.toContain('gain')
    await client.call('reset_camera_controls', { device: 'camera0' })
    expect(stored()).toEqual({})
  })
})
