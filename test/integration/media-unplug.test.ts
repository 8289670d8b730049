/** A camera that is unplugged while it streams, in the whole service: its path goes on for ten seconds with a dark picture. Needs root. */

import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { FIRST_NODE, type SimulatedCameras, simulatedCameras } from '../support/simulated-cameras.js'
import { until } from '../support/until.js'

const CAMERA = `camera${FIRST_NODE}`

let cameras: SimulatedCameras
let double: MediamtxDouble
let service: RunningService
let client: RpcClient

beforeEach(async () => {
  cameras = await simulatedCameras({ count: 1 })
  double = new MediamtxDouble()
  await double.start()
  service = await startService({
    wrapper: cameras.wrapper,
    env: { CAMERA_SERVICE_MEDIAMTX_MODE: 'external', CAMERA_SERVICE_MEDIAMTX_API_PORT: String(double.port) },
  })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
})

afterEach(async () => {
  await client.close()
  await service.stop()
  await double.kill()
  cameras.remove()
})

interface Health {
  readonly components: { readonly mediamtx: string }
}

interface Status {
  readonly status: string
  readonly error?: string
  readonly metrics: { readonly frames_sent: number }
}

const node = () => `/proc/${service.pid}/root/dev/video${FIRST_NODE}`
const unplug = () => rmSync(node())
const plugIn = () => execFileSync('mknod', [node(), 'c', '81', String(FIRST_NODE)])
const status = () => client.call<Status>('get_stream_status', { device: CAMERA })
const bytes = () => double.runtime.get(CAMERA)?.inboundBytes ?? 0

async function stream(): Promise<void> {
  const isUp = async () => (await client.call<Health>('get_status')).components.mediamtx === 'RUNNING'
  await until('MediaMTX and the camera have met', async () => double.config(CAMERA) !== undefined && (await isUp()))
  await client.call('start_streaming', { device: CAMERA })
  await until('frames are encoded', async () => (await status()).metrics.frames_sent > 10)
}

test('unplugged, it is stood in for and says so; after ten seconds its path is gone', async () => {
  await stream()
  const publisher = double.runtime.get(CAMERA)?.publisher
  unplug()
  const begin = performance.now()
  await until('it is told', async () => (await status()).error === 'the camera was unplugged')
  expect((await status()).status).toBe('ACTIVE')
  const before = bytes()
  await until('pictures go on', () => bytes() > before + 1_000, 8_000)
  expect(double.runtime.get(CAMERA)?.publisher).toBe(publisher)
  await until('its path is gone', () => double.config(CAMERA) === undefined, 20_000)
  expect(performance.now() - begin).toBeGreaterThan(9_500)
  expect(await client.failure('start_streaming', { device: CAMERA })).toMatchObject({ code: -32020 })
}, 60_000)

test('plugged in again before that, it goes on, and who reads it is not dropped', async () => {
  await stream()
  const publisher = double.runtime.get(CAMERA)?.publisher
  await double.live.read(CAMERA)
  unplug()
  await until('it is told', async () => (await status()).error === 'the camera was unplugged')
  plugIn()
  await until('it is there', async () => (await status()).error === undefined)
  const { frames_sent } = (await status()).metrics
  await until('frames go on', async () => (await status()).metrics.frames_sent > frames_sent + 30)
  expect(double.runtime.get(CAMERA)?.publisher).toBe(publisher)
  expect(double.runtime.get(CAMERA)?.readers).toHaveLength(1)
}, 60_000)
