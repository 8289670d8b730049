/** What the service gives up when it has more to do than it can, and that it takes it up again (reliability-security §1.3). */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { MjpegViewer } from '../support/mjpeg-viewer.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

const folder = mkdtempSync(join(tmpdir(), 'load-'))
afterAll(() => rmSync(folder, { recursive: true }))
const DEADLINE = { timeout: 20_000, interval: 20 }

/** Puts shares in force at which the memory of any process is too much, or none is. */
function shares(file: string, first: number, second: number, service?: RunningService): void {
  const limits = { used_percent: first, used_percent_severe: second, memory_cap: 16 * 1024 * 1024 }
  writeFileSync(file, `performance: {load_shedding: ${JSON.stringify(limits)}}\n`)
  if (service !== undefined) process.kill(service.pid, 'SIGHUP')
}

function refusal(url: string): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly text: string }> {
  const headers = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  return new Promise((resolve, reject) => {
    const asked = get(url.replace('ws:', 'http:'), { headers, agent: false }, (response) => {
      let text = ''
      response.on('data', (data: Buffer) => {
        text += data.toString()
      })
      const retryAfter = response.headers['retry-after'] ?? null
      response.on('end', () => resolve({ status: response.statusCode ?? 0, retryAfter, text }))
    })
    asked.on('upgrade', (_response, socket) => {
      socket.destroy()
      resolve({ status: 101, retryAfter: null, text: '' })
    })
    asked.on('error', reject)
  })
}

async function page(service: RunningService, path: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(`http://127.0.0.1:${service.healthPort}${path}`)
  return { status: response.status, text: await response.text() }
}

async function metric(service: RunningService, line: string): Promise<number | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text()
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `))
  return found === undefined ? undefined : Number(found.slice(line.length + 1))
}

describe.each(['1', '2'])('with %s worker threads', (workers) => {
  it('the first stage refuses what is new and costly, the second lets go of strangers and slows MJPEG; both end', async () => {
    const file = join(folder, `config-${workers}.yaml`)
    shares(file, 1_000, 1_000)
    const service = await startService({
      args: ['--config', file, '--virtual-cameras', '1'],
      camera: true,
      env: { CAMERA_SERVICE_SERVER_WORKERS: workers, CAMERA_SERVICE_SERVER_AUTH_TIMEOUT: '0' },
    })
    const client = await RpcClient.connect(service.url)
    await client.login(service.token('admin'))
    const stranger = await RpcClient.connect(service.url)
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
    const viewer = await MjpegViewer.open(service.cameraPort, '/video_feed')
    await vi.waitFor(() => expect(viewer.frames).toBeGreaterThan(10), DEADLINE)
    expect((await page(service, '/health/ready')).status).toBe(200)
    expect(await metric(service, 'mtxmon_load_stage')).toBe(0)

    shares(file, 1, 1_000, service)
    await vi.waitFor(async () => expect((await page(service, '/health/ready')).status).toBe(503), DEADLINE)
    expect((await page(service, '/health/ready')).text).toMatch(/overloaded.*% of memory is used/)
    expect(await refusal(service.url)).toEqual({ status: 503, retryAfter: '2', text: 'Service is overloaded' })
    expect(await client.failure('take_snapshot', { device: 'camera0' })).toMatchObject({
      code: -32040,
      data: { retry_after_ms: expect.any(Number), details: expect.stringContaining('overloaded') },
    })
    expect(await client.failure('stop_recording', { device: 'camera0' })).toMatchObject({ code: -32020 })
    // What costs little goes on.
    expect(await client.call('ping')).toBe('pong')
    expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 })
    expect(await stranger.call('ping')).toBe('pong')
    expect((await page(service, '/health/live')).status).toBe(200)
    expect((await client.call<{ status: string }>('get_status')).status).not.toBe('HEALTHY')
    expect(await metric(service, 'mtxmon_load_stage')).toBe(1)
    expect(await metric(service, 'mtxmon_rate_limited_total{layer="load"}')).toBe(1)
    expect(await metric(service, 'mtxmon_ws_refusals_total{reason="Service is overloaded"}')).toBeGreaterThan(0)
    await framesPerSecond(viewer, (fps) => fps > 5)

    shares(file, 1, 1, service)
    expect(await stranger.closed).toMatchObject({ code: 1013 })
    expect(await metric(service, 'mtxmon_load_stage')).toBe(2)
    expect(await client.call('ping')).toBe('pong')
    expect((await page(service, '/health/live')).status).toBe(200)
    await framesPerSecond(viewer, (fps) => fps <= 1.2)

    shares(file, 1_000, 1_000, service)
    await vi.waitFor(async () => expect((await page(service, '/health/ready')).status).toBe(200), DEADLINE)
    expect((await refusal(service.url)).status).toBe(101)
    expect(await client.call('take_snapshot', { device: 'camera0' })).toMatchObject({ status: 'SUCCESS' })
    await framesPerSecond(viewer, (fps) => fps > 5)
    viewer.close()
    await client.close()
    expect(await service.stop()).toBe(0)
  }, 60_000)
})

it('a loop that comes late again and again is seen, and forgiven', async () => {
  const limits = { LOOP_DELAY: '50ms', LOOP_DELAY_SEVERE: '1m' }
  const service = await startService({
    env: Object.fromEntries(
      Object.entries(limits).map(([key, value]) => [`CAMERA_SERVICE_PERFORMANCE_LOAD_SHEDDING_${key}`, value]),
    ),
  })
  // What else runs on the machine may do the same to it.
  const client = await vi.waitFor(() => RpcClient.connect(service.url), DEADLINE)
  await client.login(service.token('viewer'))
  // The processor is taken from it for 150 of each 180 ms, as by somebody who needs it more.
  const starve = async (times: number): Promise<void> => {
    for (let at = 0; at < times; at++) {
      process.kill(service.pid, 'SIGSTOP')
      await delay(150)
      process.kill(service.pid, 'SIGCONT')
      await delay(30)
    }
  }
  await vi.waitFor(async () => {
    await starve(10)
    expect(service.log()).toContain('too much load')
  }, DEADLINE)
  expect(service.log()).toMatch(/event loop is \d+ ms late/)
  await vi.waitFor(() => expect(service.log()).toContain('the load is bearable again'), DEADLINE)
  await vi.waitFor(async () => expect((await refusal(service.url)).status).toBe(101), DEADLINE)
  await client.close()
  expect(await service.stop()).toBe(0)
}, 60_000)

/** Waits until the viewer's rate over two seconds is as wanted. */
async function framesPerSecond(viewer: MjpegViewer, wanted: (fps: number) => boolean): Promise<void> {
  await vi.waitFor(async () => {
    const [before, beganMs] = [viewer.frames, performance.now()]
    await vi.waitFor(() => expect(performance.now() - beganMs > 2_000 || viewer.frames - before > 20).toBe(true), DEADLINE)
    expect(wanted(((viewer.frames - before) * 1_000) / (performance.now() - beganMs))).toBe(true)
  }, DEADLINE)
}
