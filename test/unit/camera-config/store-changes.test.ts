import { statSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ConfigChange, ConfigRejected } from '../../../src/camera-config/index.js'
import { removeFolders, started } from './support.js'

/** A loaded machine takes its time. */

afterEach(removeFolders)

describe('a change', () => {
  it('13.4 of a wrong type changes neither memory nor file, and says key, type and range', async () => {
    const { store, text } = await started('{"camera":{"fps":15}}')
    await expect(
      store.put({ camera: { fps: 'abc', width: 1.5, buffer_size: true }, server: { port: '80', extra: 1 }, sever: {} }),
    ).rejects.toThrow(
      new ConfigRejected([
        'sever: unknown section, did you mean server?',
        'camera.fps: must be a number between 1 and 240, got string "abc"',
        'camera.width: must be an integer between 16 and 15360, got number 1.5',
        'camera.buffer_size: must be an integer between 1 and 32, got boolean true',
        'server.port: must be an integer between 0 and 65535, got string "80"',
        'server.extra: unknown key',
      ]),
    )
    expect(store.current.camera.fps).toBe(15)
    expect(text()).toBe('{"camera":{"fps":15}}')
  })

  it('of nothing, or to what is there already, changes and writes nothing', async () => {
    const { store, file } = await started('{"camera":{"fps":15}}')
    const before = statSync(file).ino
    expect(await store.put({})).toMatchObject({ changed: [], applied: [], pending: [] })
    expect(await store.put({ camera: { fps: 15 }, server: {} })).toMatchObject({ changed: [] })
    expect(statSync(file).ino).toBe(before)
  })

  it('is put in force by the parts concerned before it is answered; what fails or waits is pending', async () => {
    const { store, log } = await started('{}')
    const calls: string[] = []
    store.onApply({
      name: 'all',
      concerns: () => true,
      apply: async ({ after }) => [calls.push(`fps ${after.camera.fps}`)].slice(1).map(String),
    })
    store.onApply({
      name: 'failing',
      concerns: (key) => key === 'camera.width',
      apply: async () => Promise.reject(new Error('no')),
    })
    store.onApply({ name: 'start', concerns: (key) => key === 'server.port', apply: async () => ['server.port'] })
    store.onApply({ name: 'other', concerns: (key) => key === 'server.host', apply: async () => [String(calls.push('never'))] })
    const told: ConfigChange[] = []
    store.events.on('changed', (change) => told.push(change))
    const change = await store.put({ camera: { fps: 5, width: 320 }, server: { port: 8001 } })
    expect(calls).toEqual(['fps 5'])
    expect(change).toMatchObject({
      changed: ['camera.width', 'camera.fps', 'server.port'],
      applied: ['camera.fps'],
      pending: ['camera.width', 'server.port'],
    })
    expect(told).toEqual([change])
    expect(log).toContainEqual(expect.objectContaining({ level: 'error', part: 'failing', error: 'no' }))
  })

  it('a part that does not come back is told as pending', async () => {
    const { store, clock } = await started('{}')
    store.onApply({ name: 'hung', concerns: () => true, apply: () => new Promise(() => undefined) })
    const change = store.put({ camera: { fps: 5 } })
    await vi.waitFor(() => expect(clock.pending).toBe(1))
    clock.advance(5_000)
    expect(await change).toMatchObject({ pending: ['camera.fps'], applied: [] })
  })

  it('that one part refuses is taken back by the others and changes nothing', async () => {
    const { store, text } = await started('{}')
    const steps: string[] = []
    store.onApply({
      name: 'first',
      concerns: () => true,
      prepare: async () => {
        steps.push('took')
        return async () => void steps.push('gave back')
      },
      apply: async () => [String(steps.push('applied'))],
    })
    store.onApply({
      name: 'port',
      concerns: (key) => key === 'server.port',
      prepare: async () => {
        throw new ConfigRejected(['server.port: another process holds it'])
      },
      apply: async () => [],
    })
    await expect(store.put({ server: { port: 80 } })).rejects.toThrow(
      'Invalid configuration: server.port: another process holds it',
    )
    expect(steps).toEqual(['took', 'gave back'])
    expect(text()).toBe('{}')
    expect(store.current.server.port).toBe(8000)
  })

  it('two at once: both are done, one after the other', async () => {
    const { store, document } = await started('{}')
    let running = 0
    store.onApply({
      name: 'slow',
      concerns: () => true,
      apply: async () => {
        expect(++running).toBe(1)
        await new Promise(setImmediate)
        running--
        return []
      },
    })
    await Promise.all([
      ...Array.from({ length: 20 }, (_, index) => store.put({ camera: { fps: index + 1, buffer_size: (index % 3) + 1 } })),
      store.reload(),
    ])
    expect(document()).toEqual({ camera: { fps: 20, buffer_size: 2 } })
    expect(store.current.camera.fps).toBe(20)
  })

  it('cannot be made to what is in force from outside', async () => {
    const { store } = await started('{"server":{"cors_origins":["https://a.example"]}}')
    expect(() => Object.assign(store.current.camera, { fps: 1 })).toThrow(TypeError)
    expect(() => (store.current.server.cors_origins as string[]).push('*')).toThrow(TypeError)
  })
})

describe('cameras', () => {
  const TWO = '{"cameras": [{"id": "camera1", "fps": 5}, /* new */ {"id": "camera2", "x": 1}]}'

  it('are matched by id: changed, added, removed', async () => {
    const { store, document } = await started(TWO)
    const change = await store.put({
      cameras: [
        { id: 'camera2', width: 320 },
        { id: 'camera1', $delete: true },
        { id: 'camera7', name: 'door' },
        { id: 'camera9', $delete: true },
      ],
    })
    expect(change.changed).toEqual(['cameras.camera1', 'cameras.camera2.width', 'cameras.camera7'])
    expect(document()).toEqual({
      cameras: [
        { id: 'camera2', x: 1, width: 320 },
        { id: 'camera7', name: 'door' },
      ],
    })
    expect(store.current.cameras).toEqual([
      { id: 'camera2', width: 320 },
      { id: 'camera7', name: 'door' },
    ])
  })

  it('none are left: the key stands for nothing', async () => {
    const { store } = await started(TWO)
    await store.put({
      cameras: [
        { id: 'camera1', $delete: true },
        { id: 'camera2', $delete: true },
      ],
    })
    expect(store.current).not.toHaveProperty('cameras')
  })

  it('the element of the default camera and "camera" are one', async () => {
    const { store, document } = await started('{}', { defaultCameraId: () => 'camera3' })
    const change = await store.put({
      cameras: [
        { id: 'camera3', fps: 5, name: 'door' },
        { id: 'camera4', fps: 6 },
      ],
    })
    expect(change.changed).toEqual(['camera.fps', 'cameras.camera3', 'cameras.camera4'])
    expect(document()).toEqual({
      camera: { fps: 5 },
      cameras: [
        { id: 'camera3', name: 'door' },
        { id: 'camera4', fps: 6 },
      ],
    })
  })

  it.each([
    [[{ fps: 5 }], 'cameras[0]: must name its camera with "id"'],
    [[{ id: 'video0' }], 'cameras[0].id: must be a camera id such as camera2, got string "video0"'],
    [[{ id: 'camera1' }, { id: 'camera1' }], 'cameras[1].id: camera1 is there twice'],
    [[{ id: 'camera1', $delete: 1 }], 'cameras[0].$delete: must be true, got number 1'],
    [[{ id: 'camera1', port: 1 }], 'cameras[0].port: unknown key'],
    [[7], 'cameras[0]: must be an object, got number 7'],
    [{}, 'cameras: must be an array of at most 256 objects, got object'],
  ])('%j is refused', async (cameras, problem) => {
    const { store } = await started('{}')
    await expect(store.put({ cameras })).rejects.toMatchObject({ problems: [expect.stringContaining(problem)] })
  })
})
