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
import { afterEach, describe, expect, it } from 'vitest'
import { ConfigUnreadable, ConfigUnwritable } from '../../../src/camera-config/index.js'
import { CONTRACT_DEFAULTS, DEFAULTS, removeFolders, started, testStore } from './support.js'

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

  it('behind a link is kept aside where it is', async () => {
    const { store, file, log } = await started(BROKEN)
    const real = join(dirname(file), 'elsewhere', 'real.json')
    mkdirSync(dirname(real))
    renameSync(file, real)
    symlinkSync(real, file)
    await store.put({ camera: { fps: 15 } })
    expect(JSON.parse(readFileSync(real, 'utf8'))).toMatchObject({ camera: { fps: 15 } })
    expect(readFileSync(`${real}.broken`, 'utf8')).toBe(BROKEN)
    expect(log).toContainEqual(expect.objectContaining({ file: `${real}.broken` }))
  })

  it('a reload takes over what was put right', async () => {
    const { store, write } = await started(BROKEN)
    write('{"camera":{"fps":15}}')
    expect(await store.reload()).toMatchObject({ changed: ['camera.fps'], applied: ['camera.fps'], pending: [] })
    expect(store.current.camera.fps).toBe(15)
  })
})
