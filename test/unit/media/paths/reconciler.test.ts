import { beforeEach, expect, test } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import { MediamtxError } from '../../../../src/media/api/failures.js'
import { cameraBody, type PathBody, recordedBody } from '../../../../src/media/paths/body.js'
import { type PassResult, type PathWrites, Reconciler } from '../../../../src/media/paths/reconciler.js'
import { FakeClock } from '../../../support/fake-clock.js'
import { MediamtxDouble } from '../../../support/mediamtx-double/index.js'

const options = { hooks: undefined, startTimeoutMs: 10_000, closeAfterMs: 10_000, instance: 'one' }
const body = recordedBody(cameraBody(options), undefined, false)

let server: MediamtxDouble
let reconciler: Reconciler
let lines: string[]
let clock: FakeClock
let writes: string[]
let refuse: (name: string) => string | undefined

/** The double's store behind the three calls, without HTTP. */
const client: PathWrites = {
  listPathConfigs: async () => server.names().map((name) => ({ name, fields: { name, ...server.config(name) } })),
  replacePath: async (name, fields) => write('POST', `config/paths/replace/${name}`, name, fields),
  deletePath: async (name) => write('DELETE', `config/paths/delete/${name}`, name, {}),
}

beforeEach(() => {
  server = new MediamtxDouble()
  server.call('POST', 'config/paths/add/lobby', {})
  lines = []
  writes = []
  clock = new FakeClock()
  refuse = () => undefined
  const logger = createLogger({ level: 'info', format: 'json', write: (line) => lines.push(line) })
  reconciler = new Reconciler({ instance: 'one', takeOver: false, clock, logger })
})

test('one pass makes all that is missing, a second writes nothing', async () => {
  expect(await pass(desired(20))).toMatchObject({ writes: 20, drift: 20 })
  expect(server.names()).toHaveLength(21)
  expect(await pass(desired(20))).toMatchObject({ writes: 0, drift: 0 })
})

test('a path is settled once the server shows it as desired, and one that is not wanted once it is gone', async () => {
  expect((await pass(desired(1))).isSettled('camera0')).toBe(false)
  expect((await pass(desired(1))).isSettled('camera0')).toBe(true)
  expect((await pass(desired(0))).isSettled('camera0')).toBe(false)
  expect((await pass(desired(0))).isSettled('camera0')).toBe(true)
})

test('cameras that went lose their paths, but not before all cameras are known', async () => {
  await pass(desired(3))
  await pass(desired(1), () => false)
  expect(server.names()).toEqual(['camera0', 'camera1', 'camera2', 'lobby'])
  await pass(desired(1))
  expect(server.names()).toEqual(['camera0', 'lobby'])
})

test('what changes while a pass goes on is seen by its next write', async () => {
  await pass(desired(2))
  let wanted: ReadonlyMap<string, PathBody> = new Map([['camera3', body]])
  refuse = (name) => {
    if (name === 'camera3') wanted = new Map([...wanted, ...desired(1)])
    return undefined
  }
  await reconciler.pass(client, { get: () => wanted, mayRemove: () => true })
  expect(server.names()).toEqual(['camera0', 'camera3', 'lobby'])
  expect(writes).not.toContain('DELETE camera0')
})

test('a write that shows late is not repeated within a second', async () => {
  await pass(desired(1))
  server.call('DELETE', 'config/paths/delete/camera0')
  expect((await pass(desired(1))).writes).toBe(0)
  clock.advance(1_000)
  expect((await pass(desired(1))).writes).toBe(1)
})

test('a path that the server refuses keeps no other from being written, is told once, and not repeated for a while', async () => {
  refuse = (name) => (name === 'camera1' ? 'invalid' : undefined)
  for (let round = 0; round < 3; round++) {
    const result = await pass(desired(3))
    expect([...result.refusals]).toEqual([['camera1', 'invalid']])
    expect(result.poisoned).toBeUndefined()
  }
  expect(server.names()).toEqual(['camera0', 'camera2', 'lobby'])
  expect(lines).toHaveLength(1)
  expect(writes.filter((write) => write === 'POST camera1').length).toBeLessThanOrEqual(2)
  clock.advance(30_000)
  refuse = () => undefined
  expect((await pass(desired(3))).refusals.size).toBe(0)
  expect(server.names()).toContain('camera1')
})

test('a body that the server refuses is written at once when it is another', async () => {
  refuse = () => 'invalid'
  await pass(desired(1))
  refuse = () => undefined
  expect((await pass(new Map([['camera0', { ...body, maxReaders: 3 }]]))).refusals.size).toBe(0)
})

test('when even a plain path is refused, the server itself is broken', async () => {
  refuse = () => 'something about another path'
  expect((await pass(desired(3))).poisoned).toBe('something about another path')
  refuse = () => undefined
  clock.advance(30_000)
  expect((await pass(desired(3))).poisoned).toBeUndefined()
})

test('the one path there is may be refused without the server being broken', async () => {
  refuse = (name) => (name === 'camera0' ? 'invalid' : undefined)
  expect((await pass(desired(1))).poisoned).toBeUndefined()
  expect(server.names()).toEqual(['lobby'])
})

test('a cure leaves alone what belongs to others', async () => {
  server.call('POST', 'config/paths/add/camera0', { maxReaders: 7 })
  refuse = (name) => (name === 'camera1' ? 'invalid' : undefined)
  expect((await pass(desired(2))).foreign).toEqual(['camera0'])
  expect(server.config('camera0')?.maxReaders).toBe(7)
})

test('a server that goes away in the middle is an error, and the next pass does the rest', async () => {
  let calls = 0
  refuse = () => {
    if (++calls === 2) throw new MediamtxError('unreachable', 'econnrefused')
    return undefined
  }
  await expect(pass(desired(3))).rejects.toThrow('econnrefused')
  expect((await pass(desired(3))).writes).toBe(2)
})

test('what we wrote is ours though its marker is gone, until another server is met', async () => {
  reconciler.sawServer('one')
  await pass(desired(1))
  server.call('POST', 'config/paths/replace/camera0', { source: 'rtsp://192.0.2.1/x' })
  reconciler.sawServer('one')
  clock.advance(1_000)
  expect(await pass(desired(1))).toMatchObject({ writes: 1, foreign: [] })
  server.call('POST', 'config/paths/replace/camera0', { source: 'rtsp://192.0.2.1/x' })
  reconciler.sawServer('two')
  expect(await pass(desired(1))).toMatchObject({ writes: 0, foreign: ['camera0'] })
})

function pass(wanted: ReadonlyMap<string, PathBody>, mayRemove = () => true): Promise<PassResult> {
  return reconciler.pass(client, { get: () => wanted, mayRemove })
}

function desired(count: number) {
  return new Map(Array.from({ length: count }, (_, at) => [`camera${at}`, body]))
}

async function write(method: string, path: string, name: string, fields: object): Promise<void> {
  writes.push(`${method} ${name}`)
  const refusal = refuse(name)
  if (refusal !== undefined) throw new MediamtxError('rejected', refusal)
  const reply = server.call(method, path, fields)
  if (reply.status !== 200) throw new MediamtxError('rejected', reply.body)
}
