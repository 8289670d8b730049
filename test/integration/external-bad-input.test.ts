/** Addresses of streams that are none, or that are not to be fetched: refused by name, and nothing anywhere knows of them. */

import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { hostname, networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'

const stateDir = mkdtempSync(join(tmpdir(), 'external-bad-'))
const canary = join(stateDir, 'canary.mp4')
let double: MediamtxDouble
let service: RunningService
let client: RpcClient
/** Listens where nothing may connect to. */
let forbidden: Server
let connects = 0
let forbiddenPort: number
let rtspPort: number

beforeAll(async () => {
  writeFileSync(canary, 'canary')
  forbiddenPort = await freePort()
  rtspPort = await freePort()
  // On every address that this machine has, of either family.
  forbidden = createServer((socket) => {
    connects += 1
    socket.destroy()
  }).listen(forbiddenPort, '::')
  await once(forbidden, 'listening')
  double = new MediamtxDouble()
  await double.start()
  service = await startService({
    stateDir,
    args: ['--virtual-cameras', '1'],
    env: {
      CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
      CAMERA_SERVICE_MEDIAMTX_API_PORT: String(double.port),
      CAMERA_SERVICE_MEDIAMTX_RTSP_PORT: String(rtspPort),
      CAMERA_SERVICE_EXTERNAL_DISCOVERY_ENABLED: 'true',
      // Nothing is looked for outside of this machine.
      CAMERA_SERVICE_EXTERNAL_DISCOVERY_SCAN_INTERVAL: '0',
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
    },
  })
  client = await RpcClient.connect(service.url)
  await client.login(service.token('admin'))
  await until('MediaMTX has our path', () => double.names().includes('camera0'))
})

afterAll(async () => {
  await client.close()
  await service.stop()
  await double.kill()
  forbidden.close()
  rmSync(stateDir, { recursive: true, force: true })
})

const SCHEMES =
  'http https file ftp udp rtp srt rtmp rtmps whep data concat subfile pipe crypto tcp tls unix javascript gopher -y'

it('of other schemes, of this service itself, of this machine and of nobody’s network are refused, and state is as before', async () => {
  const local = [
    '127.0.0.1',
    '127.1',
    '0',
    '0.0.0.0',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    'localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
  ]
  const outside = ['169.254.169.254', '[fe80::1]', '224.0.0.1', '8.8.8.8', '[2001:db8::1]', '[64:ff9b::7f00:1]', '100.64.0.1']
  const urls: readonly unknown[] = [
    ...SCHEMES.split(' ').map((scheme) => `${scheme}://127.0.0.1:${forbiddenPort}/a`),
    ...[`file://${canary}`, `concat:${canary}|${canary}`, `subfile,,start,0,end,6,,:${canary}`, 'pipe:0', '-y', `rtsp:${canary}`],
    ...local.flatMap((host) =>
      [forbiddenPort, rtspPort, double.port, service.port, 22].map((port) => `rtsp://${host}:${port}/camera0`),
    ),
    ...local.map((host) => `rtsps://${host}:${forbiddenPort}/camera0`),
    ...outside.map((host) => `rtsp://${host}:${forbiddenPort}/a`),
    ...[
      'rtsp://a b/',
      'rtsp://a/\u0000',
      'rtsp://a/\r\nDESCRIBE',
      'rtsp://10.0.0.9/$MTX_QUERY',
      'rtsp://10.0.0.9/`id`',
      'rtsp://nobody.invalid/a',
    ],
    ...['rtsp://', 'rtsp:///a', '', ' ', 'camera0', null, 7, true, [], {}, `rtsp://10.0.0.9/${'x'.repeat(3_000)}`],
  ]
  const before = { names: double.names(), listed: (await list()).total_count }
  const writes = () => double.calls.filter((call) => !call.startsWith('GET')).length
  const written = writes()
  const wrong: string[] = []
  for (const stream_url of urls) {
    const { error, result } = await client.request({ method: 'add_external_stream', params: { stream_url, stream_name: 'Gate' } })
    if (error?.code !== -32602 || error.data.param !== 'stream_url')
      wrong.push(`${stream_url}: ${JSON.stringify(error ?? result)}`)
  }
  expect(wrong).toEqual([])
  expect({ names: double.names(), listed: (await list()).total_count }).toEqual(before)
  expect(writes()).toBe(written)
  expect(existsSync(join(stateDir, 'external-streams.json'))).toBe(false)
  expect(connects).toBe(0)
})

/** IPv4 addresses that are forbidden, each in the spellings that some reader of addresses takes for it. */
function spellings(address: string): readonly string[] {
  const bytes = address.split('.').map(Number)
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  const hex = (value: number): string => `0x${value.toString(16)}`
  const octal = (value: number): string => `0${value.toString(8)}`
  const whole = ((a * 256 + b) * 256 + c) * 256 + d
  const pair = (high: number, low: number): string => (high * 256 + low).toString(16)
  return [
    ...[address, String(whole), hex(whole), octal(whole), bytes.map(hex).join('.'), bytes.map(octal).join('.')],
    ...[`${a}.${(b * 256 + c) * 256 + d}`, `${a}.${b}.${c * 256 + d}`, `${hex(a)}.${octal(b)}.${c}.${d}`],
    ...[`[::ffff:${address}]`, `[::ffff:${pair(a, b)}:${pair(c, d)}]`, `[0:0:0:0:0:ffff:${pair(a, b)}:${pair(c, d)}]`],
    ...[`[::${address}]`, `[64:ff9b::${pair(a, b)}:${pair(c, d)}]`, `[2002:${pair(a, b)}:${pair(c, d)}::]`],
  ]
}

it('S-45 forbidden hosts in every spelling: nobody connects to any', { timeout: 60_000 }, async () => {
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address.split('%')[0] ?? ''))
  const [six, four] = [own.filter((address) => address.includes(':')), own.filter((address) => !address.includes(':'))]
  const hosts = new Set([
    ...[
      '127.0.0.1',
      '127.8.8.8',
      '0.0.0.0',
      '169.254.169.254',
      '169.254.0.9',
      '224.0.0.251',
      '255.255.255.255',
      '8.8.8.8',
    ].flatMap(spellings),
    ...four.flatMap(spellings),
    ...[...six, '::1', '::', '0:0:0:0:0:0:0:1', '::0001', 'fe80::1', 'ff02::1', 'fd00:ec2::254', '2001:db8::1'].map(
      (host) => `[${host}]`,
    ),
    ...[
      'localhost',
      'LOCALHOST',
      'localhost.',
      hostname(),
      '127.0.0.1.',
      '127.1',
      '0',
      '①②⑦.⓪.⓪.①',
      '127。0。0。1',
      '%31%32%37.0.0.1',
    ],
  ])
  expect(hosts.size).toBeGreaterThanOrEqual(120)
  // The listener hears of whoever comes by any of the own addresses.
  for (const address of ['127.0.0.1', '127.8.8.8', ...four]) await once(connect(forbiddenPort, address), 'close')
  expect(connects).toBe(four.length + 2)
  connects = 0
  const before = double.calls.filter((call) => !call.startsWith('GET')).length
  const wrong: string[] = []
  const tried: string[] = []
  for (const host of hosts) {
    for (const url of [`rtsp://${host}:${forbiddenPort}/a`, `rtsps://u:p@${host}:${forbiddenPort}/a`]) {
      const { error, result } = await client.request({
        method: 'add_external_stream',
        params: { stream_url: url, stream_name: 'Gate' },
      })
      if (error?.code !== -32602 || error.data.param !== 'stream_url') wrong.push(`${url}: ${JSON.stringify(error ?? result)}`)
      // What is not of this machine cannot be listened on; who tries it has a socket for it.
      tried.push(...socketsTo(forbiddenPort))
    }
  }
  expect(wrong).toEqual([])
  expect([connects, tried]).toEqual([0, []])
  expect(double.calls.filter((call) => !call.startsWith('GET')).length).toBe(before)
})

/** Sockets of the service's network that go, or try to go, to the port. */
function socketsTo(port: number): readonly string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((kind) =>
    readFileSync(`/proc/${service.pid}/net/${kind}`, 'utf8')
      .split('\n')
      // Those in TIME_WAIT are the rest of what this test did itself.
      .filter((line) => line.trim().split(/\s+/)[2]?.endsWith(ending) && line.trim().split(/\s+/)[3] !== '06'),
  )
}

it('of a path that is not one of the words, and names that cannot be, are refused by their own name', async () => {
  const stream_url = 'rtsp://10.255.255.1/live'
  const cases: readonly (readonly [string, Record<string, unknown>])[] = [
    ...['', ' ', 'a\u0000b', 'a\nb', 'x'.repeat(129), null, 7, [], {}].map(
      (stream_name) => ['stream_name', { stream_url, stream_name }] as const,
    ),
    ...['', 'rtsp', 'GENERIC_RTSP', null, 7, []].map(
      (stream_type) => ['stream_type', { stream_url, stream_name: 'a', stream_type }] as const,
    ),
  ]
  for (const [param, params] of cases) {
    expect(await client.failure('add_external_stream', params), JSON.stringify(params)).toMatchObject({
      code: -32602,
      data: { param },
    })
  }
  expect((await list()).total_count).toBe(0)
})

function list(): Promise<{ readonly total_count: number }> {
  return client.call('get_external_streams')
}
