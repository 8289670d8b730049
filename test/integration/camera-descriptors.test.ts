/**
 * Connections when file descriptors or memory are short: the last descriptors are no client's, and what the system cannot hand over for
 * want of memory waits.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ask } from '../support/raw-http.js'
import { type RunningService, startService } from '../support/service.js'

const LIMIT = 200
let service: RunningService
const sockets: Socket[] = []
beforeAll(async () => {
  // The hard limit too: a process raises its soft one to that.
  service = await startService({
    camera: true,
    args: ['--virtual-cameras', '1'],
    wrapper: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`],
  })
}, 60_000)
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await service?.stop()
})

const DEADLINE = { timeout: 20_000 }

it('a flood leaves descriptors for cameras and files; it is told once and counted, and is over when they are free', async () => {
  const early = connect({ host: '127.0.0.1', port: service.cameraPort })
  let bytes = 0
  early.on('data', (data) => {
    bytes += data.length
  })
  early.write('GET /video_feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  await vi.waitFor(() => expect(bytes).toBeGreaterThan(10_000), DEADLINE)
  // More than there are descriptors for.
  for (let opened = 0; opened < LIMIT; opened += 1) {
    const socket = connect({ host: '127.0.0.1', port: service.cameraPort })
    sockets.push(socket)
    await new Promise((resolve) => socket.on('error', resolve).once('connect', resolve))
  }
  await vi.waitFor(() => expect(service.log()).toContain('nobody new is let in'), DEADLINE)
  expect((await ask(service.cameraPort, 'GET', '/health')).status).toBe(503)
  const free = LIMIT - readdirSync(`/proc/${service.pid}/fd`).length
  expect(free).toBeGreaterThanOrEqual(60)
  // Who is in stays.
  const before = bytes
  await vi.waitFor(() => expect(bytes).toBeGreaterThan(before + 10_000), DEADLINE)

  for (const socket of sockets.splice(0)) socket.destroy()
  await vi.waitFor(() => expect(service.log()).toContain('descriptors for new connections again'), DEADLINE)
  const status = JSON.parse((await ask(service.cameraPort, 'GET', '/status')).body)
  expect(status.server.faults.connection.DESCRIPTOR_LIMIT).toMatchObject({ count: expect.any(Number) })
  expect(service.log().split('nobody new is let in')).toHaveLength(2)
  expect(service.log()).not.toContain('no file descriptor is free')
  expect(status.is_connected).toBe(true)
  early.destroy()
}, 60_000)

it('a connection that the system cannot hand over at first is served when it can', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'accept-'))
  const [library, flag] = [join(folder, 'accept.so'), join(folder, 'fail')]
  execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, join(import.meta.dirname, 'kill/accept.c'), '-ldl'])
  const other = await startService({ camera: true, env: { LD_PRELOAD: library, ACCEPT_FLAG: flag } })
  try {
    for (let times = 1; times <= 2; times += 1) {
      writeFileSync(flag, '')
      expect((await ask(other.cameraPort, 'GET', '/health')).status).toBe(200)
      expect(existsSync(flag)).toBe(false)
    }
    expect(other.log()).not.toMatch(/error|fatal/i)
  } finally {
    await other.stop()
    rmSync(folder, { recursive: true })
  }
}, 60_000)
