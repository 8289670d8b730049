/** The whole service with virtual cameras: kernel-free, but everything else is real. */

import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { stopwatch } from '../support/processor-wait.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

interface SnapshotAnswer {
  readonly device: string
  readonly filename: string
  readonly status: string
  readonly timestamp: string
  readonly file_size: number
  readonly file_path: string
}

let service: RunningService
let client: RpcClient

beforeAll(async () => {
  service = await startService({
    args: ['--virtual-cameras', '2'],
    env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '100000' },
  })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
  await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 2 }))
})
afterAll(async () => {
  await client?.close()
  expect(await service?.stop()).toBe(0)
})

describe('a running service', () => {
  it('prints its face and, on the first start only, an admin token that works', async () => {
    expect(service.output()).toContain(`ws://127.0.0.1:${service.port}/ws`)
    const token = /^ey\S+$/m.exec(service.output())?.[0] ?? ''
    const other = await RpcClient.connect(service.url)
    expect(await other.login(token)).toMatchObject({ authenticated: true, role: 'admin' })
    await other.close()
    const proxied = await RpcClient.connect(service.url, { headers: { 'X-Forwarded-For': '192.0.2.7' } })
    await expect(proxied.login(token)).rejects.toMatchObject({ code: -32001 })
    await proxied.close()
  })

  it('lists the virtual cameras, labelled virtual', async () => {
    expect(await client.call('get_camera_list')).toMatchObject({
      cameras: [
        {
          device: 'camera0',
          status: 'CONNECTED',
          name: expect.stringMatching(/virtual/i),
          resolution: '1280x720',
          fps: 30,
          streams: {},
        },
        { device: 'camera1', status: 'CONNECTED' },
      ],
      total: 2,
      connected: 2,
    })
    expect(await client.call('get_camera_capabilities', { device: 'camera1' })).toEqual({
      device: 'camera1',
      formats: ['MJPG'],
      resolutions: ['1280x720', '800x600', '640x480', '320x240'],
      fps_options: [30, 15, 10, 5],
      validation_status: 'CONFIRMED',
    })
  })

  it('keeps an unchanged frame as a snapshot that opens', async () => {
    const taken = await client.call<SnapshotAnswer>('take_snapshot', { device: 'camera0' })
    expect(taken).toMatchObject({ device: 'camera0', status: 'SUCCESS', filename: expect.stringMatching(/^camera0_\d+\.jpg$/) })
    const bytes = readFileSync(taken.file_path)
    expect(bytes.length).toBe(taken.file_size)
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 1280, height: 720 })
    expect(Math.abs(Date.parse(taken.timestamp) - Date.now())).toBeLessThan(10_000)
  })

  it.each([
    [{ format: 'png', max_width: 320 }, 'png', 320, 180],
    [{ quality: 20, max_height: 360 }, 'jpeg', 640, 360],
    [{ filename: 'named.png' }, 'png', 1280, 720],
  ])('converts on request: %j', async (wish, format, width, height) => {
    const taken = await client.call<SnapshotAnswer>('take_snapshot', { device: 'camera1', ...wish })
    expect(await sharp(taken.file_path).metadata()).toMatchObject({ format, width, height })
    expect(statSync(taken.file_path).size).toBe(taken.file_size)
  })

  it('gives 50 snapshots at once 50 names, and ping does not wait for them', async () => {
    const other = await RpcClient.connect(service.url)
    const snapshots = Array.from({ length: 25 }, async (_, index) =>
      client.call<SnapshotAnswer>('take_snapshot', {
        device: `camera${index % 2}`,
        filename: 'burst.jpg',
        ...(index % 5 === 0 ? { quality: 50 } : {}),
      }),
    )
    await other.login(service.token('operator'))
    const more = Array.from({ length: 25 }, async () =>
      other.call<SnapshotAnswer>('take_snapshot', { device: 'camera0', filename: 'burst.jpg' }),
    )
    const pinger = await RpcClient.connect(service.url)
    let running = true
    const all = Promise.all([...snapshots, ...more]).finally(() => {
      running = false
    })
    const pings: number[] = []
    while (running) {
      const took = stopwatch(service.pid)
      await pinger.call('ping')
      pings.push(took())
    }
    const names = (await all).map((taken) => taken.filename)
    expect(new Set(names).size).toBe(50)
    pings.sort((a, b) => a - b)
    expect(pings[Math.floor(pings.length / 2)]).toBeLessThan(20)
    expect(readdirSync(join(service.stateDir, 'snapshots')).filter((name) => !/\.(jpg|png)$/.test(name))).toEqual([])
    await Promise.all([other.close(), pinger.close()])
  })

  it('goes on to the next name when a file of that name is already there', async () => {
    writeFileSync(join(service.stateDir, 'snapshots/taken.jpg'), 'mine')
    writeFileSync(join(service.stateDir, 'snapshots/taken.png'), 'mine')
    for (const extension of ['jpg', 'png']) {
      const taken = await client.call<SnapshotAnswer>('take_snapshot', { device: 'camera0', filename: `taken.${extension}` })
      expect(taken.filename).toBe(`taken-2.${extension}`)
      expect(readFileSync(join(service.stateDir, `snapshots/taken.${extension}`), 'utf8')).toBe('mine')
    }
  })

  it('refuses a bad request for a snapshot and leaves nothing behind', async () => {
    const before = readdirSync(join(service.stateDir, 'snapshots')).length
    expect(await client.failure('take_snapshot', { device: 'camera0', filename: '../../etc/passwd' })).toMatchObject({
      code: -32602,
      data: { param: 'filename' },
    })
    expect(await client.failure('take_snapshot', { device: 'camera9' })).toMatchObject({
      code: -32010,
      message: 'Camera not found',
      data: { resource: 'camera', id: 'camera9' },
    })
    expect(await client.failure('take_snapshot', { device: 'camera0', format: 'gif' })).toMatchObject({
      code: -32602,
      data: { param: 'format' },
    })
    expect(readdirSync(join(service.stateDir, 'snapshots')).length).toBe(before)
  })

  it('tells subscribers of a snapshot', async () => {
    await client.call('subscribe_events', { topics: ['snapshot.taken'] })
    const told = client.notification('snapshot.taken')
    const taken = await client.call<SnapshotAnswer>('take_snapshot', { device: 'camera0' })
    expect(await told).toMatchObject({ device: 'camera0', filename: taken.filename, resolution: '1280x720' })
    await client.call('unsubscribe_events')
  })

  it('names MediaMTX where it is needed and switched off', async () => {
    expect(await client.failure('start_streaming', { device: 'camera0' })).toMatchObject({
      code: -32050,
      data: { dependency: 'MediaMTX' },
    })
    expect(await client.failure('get_streams')).toMatchObject({ code: -32050 })
    expect(await client.failure('start_streaming', { device: 'camera9' })).toMatchObject({ code: -32010 })
    expect(await client.call('get_status')).toMatchObject({ components: { mediamtx: 'STOPPED', websocket_server: 'RUNNING' } })
  })

  it('answers MessagePack clients alike', async () => {
    const packed = await RpcClient.connect(service.url, { codec: 'msgpack' })
    await packed.login(service.token('viewer'))
    expect(await packed.call('get_camera_list')).toEqual(await client.call('get_camera_list'))
    await packed.close()
  })
})

describe('starts that cannot succeed', () => {
  it('names the port that another process holds and the key that moves it', async () => {
    const port = await freePort()
    const holder = createServer().listen(port, '127.0.0.1')
    try {
      await expect(startService({ port })).rejects.toThrow(
        /another process holds it.*server\.port|server\.port.*another process holds it/s,
      )
    } finally {
      holder.close()
    }
  })

  it('ends with 78 and one line per fault when the configuration is wrong', async () => {
    await expect(startService({ env: { CAMERA_SERVICE_STORAGE_WARN_PERCENT: '95' } })).rejects.toThrow(
      /ended with 78[\s\S]*storage/,
    )
  })
})

describe('a service whose storage fails', () => {
  it('says so for a folder it may not write, and everything else goes on', async () => {
    const folder = await startService({ args: ['--virtual-cameras', '1'] })
    const other = await RpcClient.connect(folder.url)
    try {
      await other.login(folder.token('operator'))
      await expect.poll(async () => (await other.call<{ connected: number }>('get_camera_list')).connected).toBe(1)
      const snapshots = join(folder.stateDir, 'snapshots')
      execFileSync('rm', ['-rf', snapshots])
      writeFileSync(snapshots, 'in the way')
      expect(await other.failure('take_snapshot', { device: 'camera0' })).toMatchObject({
        code: -32050,
        data: { dependency: 'storage' },
      })
      expect(await other.call('ping')).toBe('pong')
      execFileSync('rm', [snapshots])
      mkdirSync(snapshots)
      expect(await other.call('take_snapshot', { device: 'camera0' })).toMatchObject({ status: 'SUCCESS' })
    } finally {
      await other.close()
      expect(await folder.stop()).toBe(0)
    }
  })

  it('refuses snapshots beyond the limit of the disk before it is full', async () => {
    const full = await startService({
      args: ['--virtual-cameras', '1'],
      env: { CAMERA_SERVICE_STORAGE_WARN_PERCENT: '0', CAMERA_SERVICE_STORAGE_BLOCK_PERCENT: '1' },
    })
    const other = await RpcClient.connect(full.url)
    try {
      await other.login(full.token('operator'))
      await expect.poll(async () => (await other.call<{ connected: number }>('get_camera_list')).connected).toBe(1)
      expect(await other.failure('take_snapshot', { device: 'camera0' })).toMatchObject({
        code: -32020,
        data: { state: 'STORAGE_FULL' },
      })
    } finally {
      await other.close()
      await full.stop()
    }
  })
})

// Needs the right to mount: as root, in CI too.
describe.runIf(process.getuid?.() === 0)('a disk that runs full', () => {
  it('refuses the snapshot that does not fit, leaves no part of it, and goes on once there is room', async () => {
    const disk = mkdtempSync(join(tmpdir(), 'disk-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
    const running = await startService({
      args: ['--virtual-cameras', '1'],
      env: {
        CAMERA_SERVICE_MEDIAMTX_SNAPSHOTS_PATH: disk,
        CAMERA_SERVICE_STORAGE_WARN_PERCENT: '99',
        CAMERA_SERVICE_STORAGE_BLOCK_PERCENT: '100',
      },
    })
    const other = await RpcClient.connect(running.url)
    try {
      await other.login(running.token('operator'))
      await vi.waitFor(async () => expect(await other.call('get_camera_list')).toMatchObject({ connected: 1 }))
      // Room for a few kilobytes: less than one frame.
      writeFileSync(join(disk, 'filler'), Buffer.alloc(1024 * 1024 - 8 * 1024))
      for (const wish of [{}, { quality: 100 }]) {
        expect(await other.failure('take_snapshot', { device: 'camera0', ...wish })).toMatchObject({
          code: -32020,
          data: { state: 'STORAGE_FULL', legacy_code: -1010 },
        })
      }
      expect(readdirSync(disk)).toEqual(['filler'])
      unlinkSync(join(disk, 'filler'))
      expect(await other.call('take_snapshot', { device: 'camera0' })).toMatchObject({ status: 'SUCCESS' })
    } finally {
      await other.close()
      await running.stop()
      execFileSync('umount', [disk])
      rmdirSync(disk)
    }
  })
})

describe('what outlives a process', () => {
  it('is one process per state folder: a second one says who has it and ends, and the first one notices nothing', async () => {
    const first = await startService({ args: ['--virtual-cameras', '1'] })
    try {
      const { stateDir } = first
      await expect(startService({ args: ['--virtual-cameras', '1'], stateDir })).rejects.toThrow(
        new RegExp(`in use by camera-service, process ${first.pid}: stop it, or set state_dir`),
      )
      const client = await RpcClient.connect(first.url)
      expect(await client.call('ping')).toBe('pong')
      await client.close()
    } finally {
      expect(await first.stop()).toBe(0)
    }
  })

  it('keeps secret and ids over kill -9, and prints no second token', async () => {
    const first = await startService({ args: ['--virtual-cameras', '1'] })
    const { stateDir } = first
    const token = first.token('viewer')
    process.kill(first.pid, 'SIGKILL')
    await expect.poll(() => existsSync(`/proc/${first.pid}/fd/0`)).toBe(false)
    const second = await startService({ args: ['--virtual-cameras', '1'], stateDir })
    const other = await RpcClient.connect(second.url)
    try {
      expect(await other.login(token)).toMatchObject({ authenticated: true })
      expect(second.output()).not.toMatch(/^ey/m)
      expect(statSync(join(stateDir, 'jwt-secret')).mode & 0o777).toBe(0o600)
    } finally {
      await other.close()
      await second.stop()
      await first.stop()
    }
  })
})

it('answers its health beside the RPC face, ready once everything is up', async () => {
  const service = await startService({ args: ['--virtual-cameras', '1'] })
  try {
    const page = async (path: string) => (await fetch(`http://127.0.0.1:${service.healthPort}${path}`)).json()
    const metricsPage = async () => (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text()
    await vi.waitFor(async () => expect(await metricsPage()).toMatch(/^mtxmon_cameras\{state="connected"\} 1$/m))
    expect(await page('/health/ready')).toMatchObject({ ready: true, message: 'System is ready' })
    expect(await page('/health/live')).toMatchObject({ alive: true })
    expect(await page('/health')).toMatchObject({ version: expect.any(String), uptime: expect.stringMatching(/^\d+s$/) })
    const { status, components } = (await page('/health/detailed')) as {
      status: string
      components: { name: string; status: string; message: string }[]
    }
    // Whatever this machine is short of, the page says why.
    const whole = components.find(({ name }) => name === 'system')
    expect(whole?.status).toBe(status)
    expect(whole?.message === 'all is well').toBe(status === 'healthy')
    expect(components.map(({ name, status }) => `${name} ${status}`).slice(0, 2)).toEqual(['mediamtx stopped', 'cameras healthy'])
    const metrics = await metricsPage()
    for (const line of [
      /^mtxmon_cameras\{state="connected"\} 1$/m,
      /^mtxmon_ready 1$/m,
      /^mtxmon_storage_size_bytes [1-9]\d+$/m,
    ]) {
      expect(metrics).toMatch(line)
    }
    expect((await fetch(`http://127.0.0.1:${service.port}/hls/camera0.m3u8`)).status).toBe(503)
    for (const path of ['/livez', '/readyz', '/healthz']) {
      expect((await fetch(`http://127.0.0.1:${service.port}${path}`)).status).toBe(200)
    }
  } finally {
    expect(await service.stop()).toBe(0)
  }
})
