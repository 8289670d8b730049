/** What clients can make of the control API of MediaMTX, which is as good as a shell: nothing (reliability-security.md §3.3). */

import { createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { MediamtxDouble } from '../support/mediamtx-double/index.js'
import { ask, raw } from '../support/raw-http.js'
import { randomFrom } from '../support/rows.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { until } from '../support/until.js'

const ROLES = ['viewer', 'operator', 'admin'] as const
const credentials = { user: 'camera-service', password: 'the API, nobody else’s' }
let double: MediamtxDouble
let service: RunningService
/** A camera that answers DESCRIBE, so that streams of this machine may be added. */
let machine: Server
let machinePort: number
const clients = new Map<(typeof ROLES)[number], RpcClient>()
const clientOf = (role: (typeof ROLES)[number]): RpcClient => clients.get(role) as RpcClient

beforeAll(async () => {
  double = new MediamtxDouble({ credentials })
  await double.start()
  machine = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', () => socket.end('RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n'))
  })
  machinePort = await freePort()
  machine.listen(machinePort, '127.0.0.1')
  service = await startService({
    args: ['--virtual-cameras', '1'],
    camera: true,
    env: {
      CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
      CAMERA_SERVICE_MEDIAMTX_API_PORT: String(double.port),
      CAMERA_SERVICE_MEDIAMTX_API_USERNAME: credentials.user,
      CAMERA_SERVICE_MEDIAMTX_API_PASSWORD: credentials.password,
      CAMERA_SERVICE_MEDIAMTX_RTSP_PORT: String(double.rtspPort),
      CAMERA_SERVICE_EXTERNAL_DISCOVERY_ENABLED: 'true',
      // Nothing is looked for outside of this machine.
      CAMERA_SERVICE_EXTERNAL_DISCOVERY_SCAN_INTERVAL: '0',
      // As open as it can be made: even then the API is nobody's.
      CAMERA_SERVICE_EXTERNAL_DISCOVERY_ALLOWED_NETWORKS: '0.0.0.0/0,::/0',
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
    },
  })
  for (const role of ROLES) {
    const client = await RpcClient.connect(service.url)
    await client.login(service.token(role))
    clients.set(role, client)
  }
  await until('MediaMTX has our path', () => double.names().includes('camera0'))
})

afterAll(async () => {
  for (const client of clients.values()) await client.close()
  await service.stop()
  await double.kill()
  machine.close()
})

it('S-47 no role reaches the control API by any text of any method, nor over HTTP', { timeout: 60_000 }, async () => {
  const { methods } = JSON.parse((await ask(service.port, 'GET', '/openrpc.json')).body) as OpenRpc
  const addresses = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address))
  const hosts = [
    ...['127.0.0.1', '127.1', '127.9.9.9', '0', '0.0.0.0', '2130706433', '0x7f000001', '0177.1', 'localhost', 'LOCALHOST.'],
    ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]'],
    ...addresses.map((address) => (address.includes(':') ? `[${address}]` : address)),
  ]
  const places = hosts.map((host) => `${host}:${double.port}`)
  const urls = [
    ...places.flatMap((place) => [`rtsp://${place}/v3/config/global/patch`, `rtsps://${place}/`]),
    ...['http', 'https', 'tcp', 'rtmp', 'udp', 'srt', 'gopher', 'whep'].map((scheme) => `${scheme}://${places[0]}/v3/paths/list`),
    `rtsp://${credentials.user}:${credentials.password}@${places[0]}/`,
    `rtsp://10.0.0.9@${places[0]}/`,
    `rtsp://${places[0]}#@10.0.0.9/`,
    `rtsp://${places[0]}/\r\nPATCH /v3/config/global/patch HTTP/1.1\r\n\r\n`,
  ]
  const known = new Set(double.calls)
  double.written.length = 0
  const taken: string[] = []
  let asked = 0
  for (const role of ROLES) {
    const client = clientOf(role)
    for (const { name, params } of methods.filter((method) => method.name !== 'authenticate')) {
      const texts = params.filter(({ schema }) => takesText(schema)).map((param) => param.name)
      if (texts.length === 0) continue
      const required = params.filter((param) => param.required === true && !texts.includes(param.name))
      // One that takes a URL gets all of them; of others it is enough to see that they take it for something else.
      const isUrl = (text: string): boolean => text.includes('url')
      for (const url of texts.some(isUrl) ? urls : urls.slice(0, 3)) {
        asked += 1
        const answer = await client.request({
          method: name,
          params: {
            ...Object.fromEntries(required.map((param) => [param.name, 1])),
            ...Object.fromEntries(texts.map((text) => [text, isUrl(text) ? url : name.includes('external') ? 'Gate' : url])),
          },
        })
        if (answer.error === undefined) taken.push(`${name} by ${role}: ${url}`)
      }
    }
  }
  expect(taken).toEqual([])
  expect(asked).toBeGreaterThan(150)

  const token = service.token('admin')
  for (const port of [service.port, service.healthPort, service.cameraPort]) {
    for (const path of [
      ...['/v3/config/global/get', '/api/v3/paths/list', '/hls/..%2fv3%2fpaths%2flist', '/hls/%2e%2e/v3/paths/list.m3u8'],
      ...[`/${places[0]}/v3/paths/list`, '/debug/pprof/', '/mediamtx/v3/paths/list', '/files/..%2f..%2fv3/paths/list'],
    ]) {
      const { status, body } = await ask(port, 'GET', path, { headers: { Authorization: `Bearer ${token}` } })
      expect([400, 404, 405, 503], `${port} ${path} ${status}`).toContain(status)
      expect(body).not.toMatch(/itemCount|authInternalUsers|goroutine/)
    }
    for (const line of [`GET http://${places[0]}/v3/config/global/get`, `CONNECT ${places[0]}`]) {
      const text = await raw(port, `${line} HTTP/1.1\r\nHost: ${places[0]}\r\nConnection: close\r\n\r\n`)
      expect(text).not.toMatch(/^HTTP\/1\.1 2|itemCount|authInternalUsers/)
    }
  }
  // Nothing came that the service does not ask by itself, and none of it changed anything.
  expect(double.calls.filter((call) => !known.has(call) && !call.startsWith('GET paths/'))).toEqual([])
  expect(double.strangers).toEqual([])
  expect(double.written).toEqual([])
})

/** The members of a path that the service sets. None of them but the hooks, which are ours, is a command. */
const MEMBERS = new Set([
  ...['source', 'sourceOnDemand', 'sourceOnDemandStartTimeout', 'sourceOnDemandCloseAfter', 'rtspTransport', 'overridePublisher'],
  ...['maxReaders', 'runOnInit', 'runOnInitRestart', 'runOnDemand', 'runOnDemandRestart', 'runOnDemandStartTimeout'],
  ...['runOnDemandCloseAfter', 'runOnUnDemand', 'runOnRead', 'runOnReadRestart', 'runOnUnread', 'runOnRecordSegmentCreate'],
  ...['runOnRecordSegmentComplete', 'rpiCameraTextOverlay', 'record', 'recordPath', 'recordFormat', 'recordPartDuration'],
  ...['recordSegmentDuration', 'recordDeleteAfter'],
])
const HOOK = /^\S*\/camera-notifier [\w./-]+(?: (?:created|completed|demand|init|probe))?[\w ./-]*$/

it('S-46 what MediaMTX is told has no member but ours and no dollar, whatever clients send', { timeout: 60_000 }, async () => {
  const random = randomFrom(46)
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item
  const pieces = [
    '$',
    '$G1',
    '$MTX_QUERY',
    '${',
    '/',
    'a',
    '%24',
    '?x=',
    '\n',
    '\0',
    ' ',
    '"',
    '`',
    '\\',
    'é',
    '&',
    '#',
    "'",
    ';id',
  ]
  const nasty = (): string => Array.from({ length: Math.floor(random() * 3) }, () => pick(pieces)).join('')
  const extra = () => ({
    runOnInit: 'id',
    runOnReady: 'id',
    source: 'rtsp://x/$G1',
    [pick([...MEMBERS])]: nasty(),
    record: true,
    path: '$G1',
  })
  const admin = clientOf('admin')
  double.written.length = 0
  let added = 0
  for (let turn = 0; turn < 250; turn += 1) {
    const stream_url = `rtsp://${pick(['', 'u:p@', `u${nasty()}:p@`])}127.0.0.1:${machinePort}/${pick(['', 'live'])}${nasty()}`
    const stream_name = `gate${nasty()}`
    const { error } = await admin.request({ method: 'add_external_stream', params: { ...extra(), stream_url, stream_name } })
    if (error !== undefined) continue
    added += 1
    await admin.request({ method: 'remove_external_stream', params: { ...extra(), stream_url } })
  }
  for (let turn = 0; turn < 20; turn += 1) {
    const device = pick(['camera0', `camera0${nasty()}`])
    for (const method of ['start_streaming', 'stop_streaming']) await admin.request({ method, params: { ...extra(), device } })
  }
  expect(added).toBeGreaterThan(50)
  const wrong: string[] = []
  const bodies = double.written.filter(({ body }) => body !== '')
  expect(bodies.length).toBeGreaterThanOrEqual(added)
  for (const { method, path, body } of double.written) {
    if (!/^config\/paths\/(?:add|patch|replace|delete)\/[\w~^.*-]+$/.test(path)) wrong.push(`${method} ${path}`)
    if (!/^[\x20-\x7e]*$/.test(body) || body.includes('$')) wrong.push(`${path}: ${body}`)
    if (body === '') continue
    const members = Object.entries(JSON.parse(body) as Record<string, unknown>)
    for (const [name, value] of members) {
      if (!MEMBERS.has(name)) wrong.push(`${path}: the member ${name}`)
      if (/^runOn(?!.*(?:Restart|Timeout|After)$)/.test(name) && value !== '' && !HOOK.test(String(value)))
        wrong.push(`${name}: ${value}`)
    }
  }
  expect(wrong).toEqual([])
})

interface OpenRpc {
  readonly methods: readonly {
    readonly name: string
    readonly params: readonly { readonly name: string; readonly required?: boolean; readonly schema: Schema }[]
  }[]
}

interface Schema {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
}

function takesText({ type, enum: words, anyOf = [] }: Schema): boolean {
  return (words === undefined && [type].flat().includes('string')) || anyOf.some(takesText)
}
