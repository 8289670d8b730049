/** A MediaMTX that hangs as a process, seen by the whole service from outside (R-03 of the reliability rows). */

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { extent, full } from '../support/rows.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'

const STAND_IN = join(import.meta.dirname, '../support/mediamtx-program.mjs')
const STALL_S = [60, 12] as const
const MEBIBYTE = 1024 * 1024

let dir: string
let server: ChildProcess
let service: RunningService
let client: RpcClient
let apiPort: number

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'media-hang-'))
})

afterEach(async () => {
  server.kill('SIGKILL')
  await client.close()
  await service.stop()
  rmSync(dir, { recursive: true })
})

test(`R-03: a stopped server (${extent('s', ...STALL_S)}) is degraded within 5 s, gathers no connections nor memory, and is healthy 2 s after it goes on`, async () => {
  apiPort = await freePort()
  const rtspPort = await freePort()
  const file = join(dir, 'mediamtx.json')
  const addresses = { apiAddress: `127.0.0.1:${apiPort}`, rtspAddress: `127.0.0.1:${rtspPort}` }
  writeFileSync(file, JSON.stringify({ ...addresses, rtsp: true, hls: false, webrtc: false, paths: {} }))
  server = spawn(process.execPath, [STAND_IN, file], { stdio: 'ignore' })
  service = await startService({
    args: ['--virtual-cameras', '1'],
    env: {
      CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
      CAMERA_SERVICE_MEDIAMTX_API_PORT: String(apiPort),
      CAMERA_SERVICE_MEDIAMTX_RTSP_PORT: String(rtspPort),
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
      // The room for young objects grows with any load; what is kept is looked at here.
      NODE_OPTIONS: '--max-semi-space-size=1',
    },
  })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
  await until('it is adopted', async () => (await word()) === 'RUNNING')
  // What a first stall brings into memory (code, and room that is used again) is no growth.
  await stall(1_000)
  await warm()
  // The file index comes with the first question, or with the first cleanup a minute after the start.
  await client.call('list_recordings')
  const before = rssBytes()
  const most = await stall(full(...STALL_S) * 1_000)
  expect(most).toBeLessThanOrEqual(8)
  const grown = (rssBytes() - before) / MEBIBYTE
  console.info(`R-03: most connections ${most}, memory ${grown.toFixed(1)} MiB`)
  expect(grown).toBeLessThanOrEqual(5)
}, 120_000)

/** Stopped for so long, while callers come; the most connections that were open to it at once. */
async function stall(lengthMs: number): Promise<number> {
  server.kill('SIGSTOP')
  const begin = performance.now()
  await until('it is degraded', async () => (await word()) === 'ERROR', 5_000, service.pid)
  let most = 0
  while (performance.now() - begin < lengthMs) {
    await callAll()
    most = Math.max(most, connectionsTo(apiPort))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  server.kill('SIGCONT')
  await until('it is healthy', async () => (await word()) === 'RUNNING', 2_000, service.pid)
  return most
}

/** Calls until they bring nothing more into memory. */
async function warm(): Promise<void> {
  for (let [bytes, rounds] = [0, 0]; rssBytes() - bytes > MEBIBYTE / 2 && rounds < 20; rounds++) {
    bytes = rssBytes()
    for (let calls = 0; calls < 500; calls++) await callAll()
  }
}

async function word(): Promise<string | undefined> {
  return (await client.call<{ components: Record<string, string> }>('get_status')).components.mediamtx
}

/** Calls that need MediaMTX, whatever they are answered. */
async function callAll(): Promise<void> {
  await Promise.all(
    ['get_streams', 'get_stream_url', 'get_stream_status'].map((method) =>
      client.request({ method, ...(method === 'get_streams' ? {} : { params: { device: 'camera0' } }) }),
    ),
  )
}

function rssBytes(): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${service.pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1024
}

/** Of the service to a port of this machine, those that are being made included. */
function connectionsTo(port: number): number {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const ESTABLISHED_OR_SENT = ['01', '02']
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , remote = '', state = '']) => remote.endsWith(`:${hex}`) && ESTABLISHED_OR_SENT.includes(state)).length
}
