import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ConfigChange, ConfigRejected, ConfigUnreadable, ConfigUnwritable } from '../../../src/camera-config/index.js'
import { CONTRACT_DEFAULTS, DEFAULTS, removeFolders, started, type TestStore, testStore } from './support.js'

/** A loaded machine takes its time. */
const eventually = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 10_000 })

afterEach(removeFolders)

const COMMENTED = `{
  // the one at the door
  "camera": {
    "fps": 15, /* slow on purpose */
    "width": 800
  },
  "mine": {"kept": [1, 2]},
  "server": { "port": 8001, "theme": "dark" }
}
`

describe('the file', () => {
  it('13.1 fresh directory: it is made with exactly the defaults of the contract', async () => {
    const { document, text, store } = await started()
    expect(document()).toEqual(CONTRACT_DEFAULTS)
    expect(text()).toBe(`${JSON.stringify(CONTRACT_DEFAULTS, null, 2)}\n`)
    expect(store.current.camera).toEqual(CONTRACT_DEFAULTS.camera)
  })

  it('13.1 a fresh file holds the mode that was chosen for the default camera, and the configured defaults', async () => {
    const chosenMode = async () => ({ width: 1280, height: 720, fps: 25 })
    const { document, store } = await started(undefined, {
      chosenMode,
      defaults: { camera: { ...DEFAULTS.camera, buffer_size: 7 }, server: { ...DEFAULTS.server, log_format: 'json' } },
    })
    expect(document()).toEqual({
      camera: { ...CONTRACT_DEFAULTS.camera, width: 1280, height: 720, fps: 25, buffer_size: 7 },
      server: { ...CONTRACT_DEFAULTS.server, log_format: 'json' },
    })
    expect(store.current.camera).toMatchObject({ width: 1280, height: 720, fps: 25 })
  })

  it('does not ask for a mode where a size was configured, nor write one that no key may have', async () => {
    const chosenMode = async () => ({ width: 1280, height: 720, fps: 0.5 })
    expect((await started(undefined, { chosenMode })).document()).toEqual(CONTRACT_DEFAULTS)
    const configured = await started(undefined, {
      chosenMode: async () => ({ width: 1280, height: 720, fps: 25 }),
      defaults: { ...DEFAULTS, camera: { ...DEFAULTS.camera, width: 320 } },
    })
    expect(configured.store.current.camera).toMatchObject({ width: 320, height: 480, fps: 30 })
  })

  it('serves on the defaults while the mode is not known yet, and a change of a client is not undone by it', async () => {
    let tell: (mode: { width: number; height: number; fps: number }) => void = () => undefined
    const made = testStore({
      chosenMode: () =>
        new Promise((resolve) => {
          tell = resolve
        }),
    })
    await made.store.start(new AbortController().signal)
    expect(made.isThere()).toBe(false)
    expect(made.store.current.camera.width).toBe(640)
    await made.store.put({ camera: { fps: 10 } })
    tell({ width: 1920, height: 1080, fps: 30 })
    await made.store.settled
    expect(made.document()).toMatchObject({ camera: { fps: 10, width: 640 } })
  })

  it('a stop before the mode is known writes nothing', async () => {
    const made = testStore({
      chosenMode: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined))),
    })
    await made.store.start(new AbortController().signal)
    await made.store.stop()
    await made.store.settled
    expect(made.isThere()).toBe(false)
  })

  it('fills what a file leaves out and does not rewrite it', async () => {
    const { store, text } = await started('{"camera":{"fps":15}}')
    expect(store.current.camera).toEqual({ ...CONTRACT_DEFAULTS.camera, fps: 15 })
    expect(store.current.server).toMatchObject(CONTRACT_DEFAULTS.server)
    expect(text()).toBe('{"camera":{"fps":15}}')
  })

  it('keeps comments, layout and unknown keys over a change, and warns of the unknown ones', async () => {
    const { store, text, log } = await started(COMMENTED)
    expect(log.filter(({ level }) => level === 'warn').map(({ msg }) => msg)).toEqual([
      'config.json:7:11: mine: unknown section',
      'config.json:8:38: server.theme: unknown key',
    ])
    await store.put({ camera: { width: 1024, height: 768 } })
    expect(text()).toBe(COMMENTED.replace('"width": 800', '"width": 1024,\n    "height": 768'))
  })

  it('is replaced in one step, with its mode kept, through a link, and nothing is left beside it', async () => {
    const { file, store } = await started('{}')
    chmodSync(file, 0o600)
    const real = join(dirname(file), 'elsewhere', 'real.json')
    mkdirSync(dirname(real))
    renameSync(file, real)
    symlinkSync(real, file)
    const before = statSync(real).ino
    await store.put({ camera: { fps: 5 } })
    expect(statSync(real).mode & 0o777).toBe(0o600)
    expect(statSync(real).ino).not.toBe(before)
    expect(JSON.parse(readFileSync(real, 'utf8'))).toEqual({ camera: { fps: 5 } })
    expect(readdirSync(dirname(real))).toEqual(['real.json'])
  })

  it('what a killed write left is removed at the next start, and nothing else', async () => {
    const made = testStore()
    const folder = dirname(made.file)
    for (const name of ['.config.json.writing.0123456789ab', '.config.json.writing.notes', '.other.json.writing.0123456789ab']) {
      writeFileSync(join(folder, name), '')
    }
    made.write('{}')
    await made.store.start(new AbortController().signal)
    expect(readdirSync(folder).sort()).toEqual(['.config.json.writing.notes', '.other.json.writing.0123456789ab', 'config.json'])
  })

  it('a change includes what was edited on disk meanwhile', async () => {
    const { store, write, document } = await started('{"camera":{"fps":15}}')
    write('{"camera":{"fps":20,"buffer_size":4}}')
    const change = await store.put({ camera: { height: 600 } })
    expect(change.changed.toSorted()).toEqual(['camera.buffer_size', 'camera.fps', 'camera.height'])
    expect(document()).toEqual({ camera: { fps: 20, buffer_size: 4, height: 600 } })
  })

  it('a file that went is written again by a change, as it was', async () => {
    const { store, file, document } = await started('{"camera":{"fps":15}}')
    unlinkSync(file)
    await store.put({ camera: { width: 800 } })
    expect(document()).toMatchObject({ camera: { ...CONTRACT_DEFAULTS.camera, fps: 15, width: 800 } })
  })

  it('one that cannot be written: the change is refused and nothing changed', async () => {
    const { store, file } = await started('{"camera":{"fps":15}}')
    unlinkSync(file)
    mkdirSync(file)
    await expect(store.put({ camera: { fps: 20 } })).rejects.toThrow(ConfigUnwritable)
    expect(store.current.camera.fps).toBe(15)
  })
})

describe('a broken file', () => {
  const BROKEN = '{\n  "camera": {"fps": 15,\n  "server": {}\n'

  it.each([
    ['cut in half', BROKEN, 4, 1],
    ['empty', '', 1, 1],
    ['no object', '[1]', 1, 1],
    ['a wrong value', '{\n  "camera": {"width": 800,\n    "fps": "abc"}}', 3, 12],
    ['a key twice', '{"camera": {"fps": 15, "fps": 20}}', 1, 24],
    ['a comma too many', '{"camera": {"fps": 15,}}', 1, 23],
    ['nested without end', '['.repeat(60_000), 1, 1],
  ])('13.2 %s: untouched, told with line and column, defaults in force; a reload refuses it', async (_, text, line, column) => {
    const made = await started(text)
    expect(made.store.current.camera).toEqual(CONTRACT_DEFAULTS.camera)
    expect(made.log).toContainEqual(expect.objectContaining({ level: 'error', line, column }))
    await expect(made.store.reload()).rejects.toThrow(ConfigUnreadable)
    await expect(made.store.reload()).rejects.toThrow(`config.json:${line}:${column}: `)
    expect(made.text()).toBe(text)
    expect(made.store.current.camera).toEqual(CONTRACT_DEFAULTS.camera)
  })

  it('13.2 broken while running: a reload refuses it and the running configuration stays', async () => {
    const { store, write, text } = await started('{"camera":{"fps":15}}')
    write(BROKEN)
    await expect(store.reload()).rejects.toThrow(ConfigUnreadable)
    expect(store.current.camera.fps).toBe(15)
    expect(text()).toBe(BROKEN)
  })

  it('is counted with its reason, at the start, at a reload and as a change that is refused or cannot be kept', async () => {
    const { store, file } = await started(BROKEN)
    expect(store.faults).toMatchObject([{ code: 'UNREADABLE', count: 1, reason: expect.stringMatching(/^config\.json:4:1: /) }])
    await store.reload().catch(() => undefined)
    unlinkSync(file)
    await store.reload().catch(() => undefined)
    await store.put({ camera: { fps: 'abc' } }).catch(() => undefined)
    mkdirSync(file)
    await store.put({ camera: { fps: 15 } }).catch(() => undefined)
    expect(store.faults).toMatchObject([
      { code: 'UNREADABLE', count: 3, reason: 'config.json: the file is missing' },
      { code: 'REJECTED', count: 1, reason: expect.stringContaining('camera.fps') },
      { code: 'UNWRITABLE', count: 1 },
    ])
  })

  it('13.2 missing: a reload refuses it and does not make it', async () => {
    const { store, file, isThere } = await started('{"camera":{"fps":15}}')
    unlinkSync(file)
    await expect(store.reload()).rejects.toThrow('config.json: the file is missing')
    expect(isThere()).toBe(false)
    expect(store.current.camera.fps).toBe(15)
  })

  it('is no pipe that waits, no folder, no file without end', async () => {
    const made = testStore()
    mkdirSync(made.file)
    await made.store.start(new AbortController().signal)
    expect(made.log).toContainEqual(expect.objectContaining({ level: 'error' }))
    await expect(made.store.reload()).rejects.toThrow('config.json: cannot be read')
  })

  it('a change takes its place and keeps it aside', async () => {
    const { store, file, document } = await started(BROKEN)
    await store.put({ camera: { fps: 15 } })
    expect(document()).toMatchObject({ camera: { ...CONTRACT_DEFAULTS.camera, fps: 15 } })
    expect(readFileSync(`${file}.broken`, 'utf8')).toBe(BROKEN)
  })

  it('a reload takes over what was put right', async () => {
    const { store, write } = await started(BROKEN)
    write('{"camera":{"fps":15}}')
    expect(await store.reload()).toMatchObject({ changed: ['camera.fps'], applied: ['camera.fps'], pending: [] })
    expect(store.current.camera.fps).toBe(15)
  })
})

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
    await eventually(() => expect(clock.pending).toBe(1))
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

describe('the watch', () => {
  async function watched(): Promise<TestStore> {
    return started('{"server":{"watch_config":true},"camera":{"fps":15}}')
  }

  const text = (fps: number) => `{"server":{"watch_config":true},"camera":{"fps":${fps}}}`

  it('takes over a file written in place or renamed into place, after 200 ms of quiet', async () => {
    const { store, clock, write, file } = await watched()
    write(text(20))
    await eventually(() => expect(clock.pending).toBe(1))
    clock.advance(199)
    expect(store.current.camera.fps).toBe(15)
    clock.advance(1)
    await eventually(() => expect(store.current.camera.fps).toBe(20))
    writeFileSync(`${file}.new`, text(25))
    renameSync(`${file}.new`, file)
    await eventually(() => {
      clock.advance(200)
      expect(store.current.camera.fps).toBe(25)
    })
    await store.stop()
  })

  it('keeps what is in force when the new file is broken, and says so', async () => {
    const { store, clock, write, log } = await watched()
    write('{')
    await eventually(() => {
      clock.advance(200)
      expect(log).toContainEqual(expect.objectContaining({ level: 'error', error: expect.stringContaining('config.json:1:2') }))
    })
    expect(store.current.camera.fps).toBe(15)
    await store.stop()
  })

  it('ignores writes of its own', async () => {
    const { store, clock, log } = await watched()
    await store.put({ camera: { fps: 30 } })
    await eventually(() => expect(clock.pending).toBe(1))
    const said = log.length
    clock.advance(200)
    await store.reload()
    expect(log.length).toBe(said)
    await store.stop()
  })

  it('is switched on and off while the service runs, and ends with it', async () => {
    const { store, clock, write } = await started('{"camera":{"fps":15}}')
    write('{"camera":{"fps":15}} ')
    await store.put({ server: { watch_config: true } })
    write(text(20))
    await eventually(() => {
      clock.advance(200)
      expect(store.current.camera.fps).toBe(20)
    })
    await store.stop()
    expect(clock.pending).toBe(0)
  })
})
