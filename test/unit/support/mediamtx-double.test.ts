/** The sharp edges of MediaMTX, as the double has them: who is tested against it must meet them. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MediamtxDouble } from '../../support/mediamtx-double/index.js'
import { stopwatch } from '../../support/processor-wait.js'

const ON_DEMAND = { runOnDemand: '/bin/sleep 60', runOnDemandStartTimeout: '300ms', runOnDemandCloseAfter: '150ms' }

let double: MediamtxDouble
let dir: string

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'double-'))
  double = new MediamtxDouble({ file: { camera0: ON_DEMAND, camera1: ON_DEMAND, plain: {} } })
  await double.start()
})

afterEach(async () => {
  await double.kill()
  rmSync(dir, { recursive: true })
})

test('a reader of a path that nobody publishes starts the command and is served when somebody does', async () => {
  const reading = double.live.read('camera0')
  expect(double.live.demanded('camera0')).toBe(true)
  publish('camera0')
  ;(await reading)()
  await vi.waitFor(() => expect(double.live.demanded('camera0')).toBe(false))
})

test('nobody publishes: the reader is refused after the start timeout, and the command ends', async () => {
  await expect(double.live.read('camera0')).rejects.toThrow('timed out')
  expect(double.live.demanded('camera0')).toBe(false)
  await expect(double.live.read('plain')).rejects.toThrow('no stream')
  await expect(double.live.read('nobody')).rejects.toThrow('not configured')
})

test('readers of a path that is live already start no command', async () => {
  publish('camera0')
  const leave = await double.live.read('camera0')
  expect(double.live.demanded('camera0')).toBe(false)
  expect(double.runtime.get('camera0')?.readers).toHaveLength(1)
  leave()
})

test('a reader who comes back within the close time keeps the command', async () => {
  const reading = double.live.read('camera0')
  publish('camera0')
  ;(await reading)()
  const leave = await double.live.read('camera0')
  // The close time of another, which begins only now, passes.
  const other = double.live.read('camera1')
  publish('camera1')
  ;(await other)()
  expect(double.live.demanded('camera1')).toBe(true)
  await vi.waitFor(() => expect(double.live.demanded('camera1')).toBe(false))
  expect(double.live.demanded('camera0')).toBe(true)
  leave()
})

test('a publisher that dies drops its readers; new ones are held without command or limit until somebody publishes', async () => {
  const reading = double.live.read('camera0')
  const unpublish = publish('camera0')
  await reading
  unpublish()
  expect(double.runtime.get('camera0')?.readers).toEqual([])
  const held = double.live.read('camera0')
  await vi.waitFor(() => expect(double.live.demanded('camera0')).toBe(false))
  // The start timeout of another, which begins only now, passes.
  await expect(double.live.read('camera1')).rejects.toThrow('timed out')
  expect(double.live.held('camera0')).toBe(1)
  publish('camera0')
  ;(await held)()
})

test('a path that is made anew refuses who is held', async () => {
  const held = double.live.read('camera0')
  const refused = expect(held).rejects.toThrow('terminated')
  double.call('PATCH', 'config/paths/patch/camera0', { maxReaders: 3 })
  await refused
})

test('the file of a recording comes when its first part is full, grows, and ends with the recording', async () => {
  publish('plain')
  record({ record: true, recordPartDuration: '100ms' })
  expect(files()).toEqual([])
  await vi.waitFor(() => expect(files()).toHaveLength(1))
  double.live.received('plain', 5_000)
  const [file = ''] = files()
  expect(statSync(file).size).toBeGreaterThan(5_000)
  record({ record: false })
  double.live.received('plain', 5_000)
  expect(statSync(file).size).toBeLessThan(6_000)
  record({ record: true, recordPartDuration: '100ms', recordFormat: 'mpegts' })
  await vi.waitFor(() => expect(files().filter((name) => name.endsWith('.ts'))).toHaveLength(1))
})

test('a full disk makes one empty file after the other', async () => {
  double.faults.diskFull = true
  publish('plain')
  record({ record: true, recordPartDuration: '50ms' })
  await vi.waitFor(() => expect(files()).toHaveLength(1))
  expect(readFileSync(files()[0] ?? '').length).toBe(0)
})

test('a reload that is blocked: 200 at once, the new path is a 404, the next write and the runtime list wait, info does not', async () => {
  // The answers below come within it.
  double.faults.blockReloadMs = 4_000
  const begin = performance.now()
  const took = stopwatch()
  expect((await ask('POST', 'config/paths/add/late', {})).status).toBe(200)
  expect(took()).toBeLessThan(200)
  expect((await ask('GET', 'config/paths/get/late')).status).toBe(404)
  expect((await ask('GET', 'info')).status).toBe(200)
  expect(took()).toBeLessThan(300)
  await Promise.all([ask('POST', 'config/paths/add/later', {}), ask('GET', 'paths/list')])
  expect(performance.now() - begin).toBeGreaterThan(3_900)
  expect((await ask('GET', 'config/paths/get/late')).status).toBe(200)
})

test('writes take longer the more paths there are, one after the other', async () => {
  double.faults.writeMsPerPath = 20
  const begin = performance.now()
  await Promise.all([ask('POST', 'config/paths/replace/plain', {}), ask('POST', 'config/paths/replace/plain', {})])
  expect(performance.now() - begin).toBeGreaterThan(75)
})

test('an edit of global fields takes the API away for a moment; passwords are never shown', async () => {
  const global = await (await ask('GET', 'config/global/get')).json()
  expect(global).toMatchObject({ authInternalUsers: [{ pass: '<redacted>' }] })
  let end = (): void => undefined
  double.faults.restart = new Promise((resolve) => {
    end = resolve
  })
  expect((await ask('PATCH', 'config/global/patch', { readTimeout: '9s' })).status).toBe(200)
  await vi.waitFor(() => expect(ask('GET', 'info')).rejects.toThrow())
  end()
  await vi.waitFor(async () => expect((await ask('GET', 'info')).status).toBe(200))
})

/** The function returned ends it. */
function publish(name: string): () => void {
  double.runtime.publish(name, { id: 'x', close: () => undefined })
  return () => double.runtime.unpublish(name, 'x')
}

function record(fields: object): void {
  double.call('PATCH', 'config/paths/patch/plain', { recordPath: join(dir, '%path/%Y-%m-%d_%H-%M-%S-%f'), ...fields })
}

function files(): string[] {
  return (readdirSync(dir, { recursive: true }) as string[]).filter((name) => name.includes('.')).map((name) => join(dir, name))
}

function ask(method: string, path: string, body?: object): Promise<Response> {
  return fetch(`http://127.0.0.1:${double.port}/v3/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}
