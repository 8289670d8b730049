import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { childMark, killOrphans } from '../../../src/base/orphans.js'

const children: ChildProcess[] = []
const instance = `test-${process.pid}`

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

test('children of a service that is gone are killed, those of others are not', async () => {
  const { pid: gone } = spawnSync('true')
  const orphan = sleeper({ LONG: 'x'.repeat(100_000), CAMERA_SERVICE_CHILD: `${instance}:${gone}` })
  const living = sleeper({ CAMERA_SERVICE_CHILD: `${instance}:${process.ppid}` })
  const ours = sleeper(childMark(instance))
  const stranger = sleeper({ CAMERA_SERVICE_CHILD: `other-instance:${gone}` })
  await Promise.all([orphan, living, ours, stranger].map((child) => once(child, 'spawn')))
  const ended = once(orphan, 'exit')
  expect(await killOrphans(instance, 'others')).toBe(1)
  await ended
  expect([living, ours, stranger].map((child) => child.signalCode)).toEqual([null, null, null])
})

test('a service that has ended is gone, also while nobody reaps it', async () => {
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(parent)
  const [line] = await once(parent.stdout, 'data')
  const service = Number.parseInt(String(line), 10)
  const orphan = sleeper({ CAMERA_SERVICE_CHILD: `${instance}:${service}` })
  await once(orphan, 'spawn')
  // What the shell has become does not know of its child.
  await vi.waitFor(() => expect(readFileSync(`/proc/${parent.pid}/comm`, 'latin1')).toBe('sleep\n'))
  process.kill(service, 'SIGKILL')
  await vi.waitFor(() => expect(readFileSync(`/proc/${service}/stat`, 'latin1')).toContain(') Z '))
  expect(await killOrphans(instance, 'others')).toBe(1)
})

test('what a killed one listened on is free when it is told to be killed', async () => {
  const { pid: gone } = spawnSync('true')
  // Memory to be given back first makes its end take a while.
  const listens = `
    const held = Array.from({ length: 200 }, () => Buffer.alloc(1 << 20, 1))
    const server = require('node:net').createServer().listen(0, '127.0.0.1', () => console.log(server.address().port, held.length))`
  const env = { PATH: process.env.PATH ?? '', CAMERA_SERVICE_CHILD: `${instance}:${gone}` }
  const orphan = spawn(process.execPath, ['-e', listens], { stdio: ['ignore', 'pipe', 'ignore'], env })
  children.push(orphan)
  const [line] = await once(orphan.stdout, 'data')
  expect(await killOrphans(instance, 'others')).toBe(1)
  const socket = connect(Number.parseInt(String(line), 10), '127.0.0.1')
  await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('at the end of our own service our own are killed', async () => {
  const ours = sleeper(childMark(instance))
  await once(ours, 'spawn')
  const ended = once(ours, 'exit')
  expect(await killOrphans(instance, 'ours')).toBe(1)
  await ended
})

function sleeper(mark: Record<string, string>): ChildProcess {
  const child = spawn('sleep', ['60'], { stdio: 'ignore', env: { PATH: process.env.PATH ?? '', ...mark } })
  children.push(child)
  return child
}
