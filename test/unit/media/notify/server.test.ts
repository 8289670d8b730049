/** The notifier program as built, against the socket it talks to. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createLogger } from '../../../../src/base/logger.js'
import type { SegmentNotice } from '../../../../src/media/notify/notice.js'
import { NotifierServer } from '../../../../src/media/notify/server.js'
import { stopwatch } from '../../../support/processor-wait.js'

const NOTIFIER = join(import.meta.dirname, '../../../../build/Release/camera-notifier')
const logger = createLogger({ level: 'silent', format: 'json' })

let dir: string
let server: NotifierServer
let heard: string[]
let segments: SegmentNotice[]
const children: ChildProcess[] = []

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'notifier-'))
  heard = []
  segments = []
  server = await serve(join(dir, 'run'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await server.stop()
  rmSync(dir, { recursive: true })
})

test('a notifier is demand while it runs, and SIGINT ends it at once', async () => {
  const child = notifier('camera0')
  await counted('camera0', 1)
  const ended = once(child, 'exit')
  const took = stopwatch()
  child.kill('SIGINT')
  await ended
  expect(took()).toBeLessThan(500)
  await counted('camera0', 0)
  expect(heard).toEqual(['camera0', 'camera0'])
})

test('it finds us again after a restart of ours', async () => {
  notifier('camera0')
  await counted('camera0', 1)
  await server.stop()
  await counted('camera0', 0)
  server = await serve(join(dir, 'run'))
  await counted('camera0', 1)
})

test('it waits for us when we are not there yet', async () => {
  await server.stop()
  notifier('camera1')
  server = await serve(join(dir, 'run'))
  await counted('camera1', 1)
})

test('it never outlives the server that started it, killed hard', async () => {
  const script = `"${NOTIFIER}" "${server.socketFile}" & wait`
  const shell = spawn('sh', ['-c', script], { stdio: 'ignore', env: { MTX_PATH: 'camera0', PATH: process.env.PATH ?? '' } })
  children.push(shell)
  await counted('camera0', 1)
  shell.kill('SIGKILL')
  await counted('camera0', 0)
})

test('a state directory too deep for a socket address is no hindrance', async () => {
  await server.stop()
  server = await serve(join(dir, 'a'.repeat(100), 'run'))
  notifier('camera0')
  await counted('camera0', 1)
})

test('the directory is ours alone', () => {
  expect(statSync(join(dir, 'run')).mode & 0o777).toBe(0o700)
})

test.each(['\n', 'camera0\n', 'demand camera0 x\n', 'completed camera0 x /f\n', 'deleted camera0 /f\n', 'x'.repeat(20_000)])(
  'who talks nonsense is shown out',
  async (nonsense) => {
    const socket = connect(server.socketFile)
    socket.on('error', () => undefined)
    socket.write(nonsense)
    await once(socket, 'close')
    expect(heard).toEqual([])
  },
)

test('several notifiers of one path count each', async () => {
  const first = notifier('camera0')
  notifier('camera0')
  await counted('camera0', 2)
  first.kill('SIGINT')
  await counted('camera0', 1)
})

test('without its argument or its path it says how it is used', async () => {
  const child = spawn(NOTIFIER, [], { stdio: 'ignore', env: {} })
  expect((await once(child, 'exit'))[0]).toBe(64)
})

test('a hook of files says what happened and ends', async () => {
  const file = '/var/lib/my recordings/camera0/2030-04-01_08-15-00-000000.mp4'
  const created = tell('created', { MTX_SEGMENT_PATH: file })
  expect((await once(created, 'exit'))[0]).toBe(0)
  const completed = tell('completed', { MTX_SEGMENT_PATH: file, MTX_SEGMENT_DURATION: '2.5333333319999998' })
  expect((await once(completed, 'exit'))[0]).toBe(0)
  await vi.waitFor(() => expect(segments).toHaveLength(2))
  expect(segments).toEqual([
    { kind: 'created', path: 'camera0', file },
    { kind: 'completed', path: 'camera0', file, durationMs: 2533 },
  ])
  expect(heard).toEqual([])
})

test('a hook of files that finds nobody waits for a restart of ours, and not for ever', async () => {
  await server.stop()
  const waiting = tell('created', { MTX_SEGMENT_PATH: '/a.mp4' })
  server = await serve(join(dir, 'run'))
  expect((await once(waiting, 'exit'))[0]).toBe(0)
  await vi.waitFor(() => expect(segments).toHaveLength(1))
  await server.stop()
  const took = stopwatch()
  expect((await once(tell('created', { MTX_SEGMENT_PATH: '/b.mp4' }), 'exit'))[0]).toBe(1)
  expect(took()).toBeLessThan(4_000)
})

test.each([
  ['created', {}],
  ['deleted', { MTX_SEGMENT_PATH: '/a' }],
  ['created', { MTX_SEGMENT_PATH: '/a\nb' }],
])('a hook %s with %j is refused', async (event, environment) => {
  expect((await once(tell(event, environment), 'exit'))[0]).toBe(64)
})

async function serve(directory: string): Promise<NotifierServer> {
  const made = new NotifierServer({
    directory,
    onDemand: (path) => heard.push(path),
    onSegment: (notice) => segments.push(notice),
    logger,
  })
  await made.start()
  return made
}

function notifier(path: string): ChildProcess {
  const child = spawn(NOTIFIER, [server.socketFile], { stdio: 'ignore', env: { MTX_PATH: path } })
  children.push(child)
  return child
}

function tell(event: string, environment: Record<string, string>): ChildProcess {
  const env = { MTX_PATH: 'camera0', ...environment }
  const child = spawn(NOTIFIER, [server.socketFile, event], { stdio: 'ignore', env })
  children.push(child)
  return child
}

async function counted(path: string, count: number): Promise<void> {
  await vi.waitFor(() => expect(server.count(path)).toBe(count))
}
