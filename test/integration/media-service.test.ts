/** The whole service beside a MediaMTX that dies, or that was never there (R-01 and R-10 of the reliability rows). */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { stopwatch } from '../support/processor-wait.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'

let double: MediamtxDouble | undefined
let service: RunningService | undefined
const clients: RpcClient[] = []

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close()
  await service?.stop()
  await double?.kill()
  service = double = undefined
})

async function metrics(): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${service?.port}/metrics`)).text()
}

interface Status {
  readonly status: string
  readonly components: { readonly mediamtx: string }
}

test('R-01: MediaMTX killed under load: told within a second, refused at once, and nothing else notices', async () => {
  double = new MediamtxDouble()
  await double.start()
  const client = await start(double.port)
  await until('it is adopted', async () => (await client.call<Status>('get_status')).components.mediamtx === 'RUNNING')
  await client.call('subscribe_events', { topics: ['mediamtx.error'] })

  const load = await loadOf(1_000)
  const told = client.notification('mediamtx.error')
  const tookMs = stopwatch(service?.pid)
  await double.kill()
  expect(await told).toMatchObject({ error: expect.any(String) })
  expect(tookMs()).toBeLessThan(1_000)
  expect(await client.call('get_status')).toMatchObject({ status: 'DEGRADED', components: { mediamtx: 'ERROR' } })
  const p95Ms = await refusals(client, 2_000)
  const { answered, failed } = await load.end()
  expect(failed).toBe(0)
  expect(answered).toBeGreaterThan(1_000)
  console.info(`R-01: -32050 in p95 ${p95Ms.refusal} ms, a pong in ${p95Ms.pong} ms, beside ${answered} status requests`)
  // What the machine takes from any call is no part of it.
  expect(p95Ms.refusal - p95Ms.pong).toBeLessThanOrEqual(5)
  await double.start()
  await until('it is well again', async () => (await client.call<Status>('get_status')).components.mediamtx === 'RUNNING')
  expect(service?.log()).not.toMatch(/unhandled/i)
}, 60_000)

test('R-10: MediaMTX configured and absent at the start: all else is served, and health says why', async () => {
  const server = new MediamtxDouble()
  server.port = await freePort()
  const client = await start(server.port)
  expect(await client.call('get_status')).toMatchObject({ status: 'DEGRADED', components: { mediamtx: 'ERROR' } })
  expect(await client.call('get_camera_list')).toMatchObject({ total: 1 })
  expect(await client.call('take_snapshot', { device: 'camera0' })).toMatchObject({ status: 'SUCCESS' })
  for (const method of ['start_streaming', 'stop_streaming', 'get_stream_url', 'get_stream_status']) {
    expect(await client.failure(method, { device: 'camera0' })).toMatchObject({ code: -32050, data: { dependency: 'MediaMTX' } })
  }
  const away = await metrics()
  expect(away).toContain('mtxmon_breaker_state{node="local",state="open"} 1')
  expect(away).toContain('mtxmon_reconcile_seconds_count{node="local"} 0')

  double = server
  await server.start()
  await until('it is met', async () => (await client.call<Status>('get_status')).components.mediamtx === 'RUNNING')
  expect(server.names()).toContain('camera0')
  const here = await metrics()
  expect(here).toContain('mtxmon_breaker_state{node="local",state="closed"} 1')
  expect(here).toMatch(/^mtxmon_api_requests_total\{node="local",endpoint="paths\/list"\} [1-9]/m)
  expect(here).toMatch(/^mtxmon_api_requests_total\{node="local",endpoint="config\/paths\/replace"\} [1-9]/m)
  expect(here).toMatch(/^mtxmon_reconcile_seconds_count\{node="local"\} [1-9]/m)
  expect(here).toMatch(/^mtxmon_mjpeg_sent_frames_total 0$/m)
}, 60_000)

test('killed while a stream runs that nobody reads yet, the service starts it again', async () => {
  double = new MediamtxDouble()
  await double.start()
  const server = double
  const stateDir = mkdtempSync(join(tmpdir(), 'media-kept-'))
  try {
    const client = await start(server.port, stateDir)
    const isUp = async () => (await client.call<Status>('get_status')).components.mediamtx === 'RUNNING'
    await until('it has its path', async () => server.config('camera0') !== undefined && (await isUp()))
    await client.call('start_streaming', { device: 'camera0' })
    for (const open of clients.splice(0)) open.socket.terminate()
    await service?.kill('SIGKILL')
    await until('it is published no more', () => server.runtime.get('camera0')?.publisher === undefined)
    const again = await start(server.port, stateDir)
    await until('it is published again', () => server.runtime.get('camera0')?.publisher !== undefined, 20_000)
    await again.call('stop_streaming', { device: 'camera0' })
    await until('it is stopped', () => server.runtime.get('camera0')?.publisher === undefined)
    expect(readFileSync(join(stateDir, 'streams.json'), 'utf8')).not.toContain('camera0')
  } finally {
    await service?.stop()
    service = undefined
    rmSync(stateDir, { recursive: true })
  }
}, 60_000)

/** p95 of calls that need MediaMTX while there is none, for so long, and of as many that need nothing, in turn; milliseconds. */
async function refusals(client: RpcClient, forMs: number): Promise<{ readonly refusal: number; readonly pong: number }> {
  const timed = async (answer: Promise<unknown>): Promise<number> => {
    const sent = performance.now()
    await answer
    return performance.now() - sent
  }
  const [refusal, pong]: [number[], number[]] = [[], []]
  for (const begin = performance.now(); performance.now() - begin < forMs; ) {
    const refused = client.failure('start_streaming', { device: 'camera0' })
    refusal.push(await timed(refused))
    expect(await refused).toMatchObject({ code: -32050, data: { dependency: 'MediaMTX' } })
    pong.push(await timed(client.call('ping')))
  }
  const p95 = (times: number[]): number =>
    Number(times.sort((one, other) => one - other)[Math.floor(times.length * 0.95)]?.toFixed(2))
  return { refusal: p95(refusal), pong: p95(pong) }
}

/** So many status requests a second over a connection of its own, until it is ended. */
async function loadOf(perSecond: number): Promise<{ end(): Promise<{ answered: number; failed: number }> }> {
  const load = await connect()
  const done = { answered: 0, failed: 0 }
  const begin = performance.now()
  let sent = 0
  const open = new Set<Promise<unknown>>()
  const timer = setInterval(() => {
    // A late timer sends what it owes, but no flood.
    const due = Math.min(sent + perSecond / 10, Math.floor(((performance.now() - begin) / 1_000) * perSecond))
    for (; sent < due; sent++) {
      const asked: Promise<unknown> = load
        .request({ method: 'get_camera_status', params: { device: 'camera0' } })
        .then((reply) => {
          done.answered++
          if (reply.error !== undefined) done.failed++
          open.delete(asked)
        })
      open.add(asked)
    }
  }, 10)
  return {
    async end() {
      clearInterval(timer)
      await Promise.all(open)
      return done
    },
  }
}

async function start(apiPort: number, stateDir?: string): Promise<RpcClient> {
  service = await startService({
    ...(stateDir === undefined ? {} : { stateDir }),
    args: ['--virtual-cameras', '1'],
    env: {
      CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
      CAMERA_SERVICE_MEDIAMTX_API_PORT: String(apiPort),
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
    },
  })
  return connect()
}

async function connect(): Promise<RpcClient> {
  const client = await RpcClient.connect(service?.url ?? '')
  clients.push(client)
  await client.login(service?.token('admin') ?? '')
  return client
}
