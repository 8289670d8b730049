/** What the running service gives away, and to whom, by the ids of the requirements (reliability-security.md §3). */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { stopwatch } from '../support/processor-wait.js'
import { ask, firstStatus } from '../support/raw-http.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'

const ROLES = ['viewer', 'operator', 'admin'] as const
const FAR = { 'X-Forwarded-For': '192.0.2.7' }
const ROOT = join(import.meta.dirname, '../..')

let service: RunningService
const tokens = new Map<string, string>()
beforeAll(async () => {
  service = await startService({
    args: ['--virtual-cameras', '1'],
    camera: true,
    env: {
      CAMERA_SERVICE_LOGGING_LEVEL: 'debug',
      CAMERA_SERVICE_LOGGING_FORMAT: 'json',
      CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000',
      // As long as it may take to use one on a slow machine.
      CAMERA_SERVICE_DOWNLOADS_TICKET_LIFETIME: '10s',
    },
  })
  for (const role of ROLES) tokens.set(role, service.token(role))
})
afterAll(() => service.stop())

const bearer = (role: string): Record<string, string> => ({ Authorization: `Bearer ${tokens.get(role)}` })

async function loggedIn(role: (typeof ROLES)[number]): Promise<RpcClient> {
  const client = await RpcClient.connect(service.url)
  await client.login(tokens.get(role) ?? '')
  return client
}

it('S-09 TLS: the service ends none, so that no port answers a greeting and no key of the configuration names a certificate', async () => {
  for (const port of [service.port, service.healthPort, service.cameraPort]) {
    const socket = connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
    const outcome = await new Promise((resolve) => {
      socket.once('secureConnect', () => resolve('TLS'))
      socket.once('error', () => resolve('refused'))
      socket.once('close', () => resolve('refused'))
    })
    socket.destroy()
    expect(outcome).toBe('refused')
  }
  expect(readFileSync(join(ROOT, 'config/sample.yaml'), 'utf8')).not.toMatch(/certificate|private_key|tls_|ssl_/i)
})

/** As the matrix of S-10 has them: nobody, viewer, operator, admin, expired. */
const credentials = (): Record<string, string>[] => [
  {},
  ...ROLES.map(bearer),
  { Authorization: `Bearer ${service.expiredToken('admin')}` },
]
const RANKS = [0, 1, 2, 3, 0]
const FACE_RANKS: Readonly<Record<string, number>> = { everybody: 0, viewer: 1, operator: 2, admin: 3 }

it('S-10 every route of 8002 and 8003 × nobody, viewer, operator, admin, expired: as the table of the manual says', async () => {
  const manual = readFileSync(join(ROOT, 'docs/http.md'), 'utf8')
  const rows = manual.split('\n').flatMap((line) => {
    const [, port, request = '', ...statuses] =
      /^\| (800[23]) \| (\w+ \S+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$/.exec(line) ?? []
    return port === undefined ? [] : [{ port, request, statuses: statuses.map(Number) }]
  })
  const missing = pathsIn(join(ROOT, 'src/http')).filter((path) => {
    const start = path.replace(/\*$/, '')
    return !rows.some(({ request }) => request.split(' ')[1] === start || (start !== path && request.includes(` ${start}`)))
  })
  expect(missing).toEqual([])
  const wrong: string[] = []
  for (const { port, request, statuses } of rows) {
    const [method = '', path = ''] = request.split(' ')
    const seen = await statusesOf(port === '8002' ? service.port : service.healthPort, method, path)
    if (seen.join() !== statuses.join()) wrong.push(`${port} ${request}: ${statuses} in the manual, ${seen} seen`)
  }
  expect(wrong).toEqual([])
})

it('S-10 every route of the camera face × the same: the role of its manual or more, else 401 or 403', async () => {
  const manual = readFileSync(join(ROOT, 'docs/camera-face.md'), 'utf8')
  const rows = [...manual.matchAll(/^\| `(\w+) (\S+)` \| (\w+)(?:, ticket)? \|/gm)].map(
    ([, method = '', path = '', role = '']) => ({
      method,
      path: path.replace('{id}', 'camera0').replace('{file...}', 'none'),
      need: FACE_RANKS[role] ?? Number.NaN,
    }),
  )
  expect(rows.length).toBe(manual.match(/^\| `[A-Z]+ \//gm)?.length)
  expect(rows.length).toBeGreaterThanOrEqual(26)
  const wrong: string[] = []
  for (const { method, path, need } of rows) {
    // Whoever may end the service is not asked to: 13.16 shows that.
    const mayEnd = path === '/server/shutdown'
    const seen = await statusesOf(
      service.cameraPort,
      method,
      path.endsWith('/restart') ? `${path}?wait=0` : path,
      mayEnd ? need : Infinity,
    )
    for (const [at, status] of seen.entries()) {
      const rank = RANKS[at] ?? 0
      const isRefused = status === 401 || status === 403
      // A token that does not hold is told so where none is asked for, too.
      const isExpired = at === RANKS.length - 1
      const isRight = isExpired || rank < need ? status === (rank === 0 ? 401 : 403) : !isRefused && (status ?? 0) < 500
      if (status !== undefined && !isRight) wrong.push(`${method} ${path}: ${status} as number ${at}`)
    }
  }
  expect(wrong).toEqual([])
})

/** The answer to each credential that ranks below `below`; undefined for the others. */
function statusesOf(port: number, method: string, path: string, below = Infinity): Promise<(number | undefined)[]> {
  const length = method === 'GET' ? '' : 'Content-Type: application/json\r\nContent-Length: 2\r\n'
  return Promise.all(
    credentials().map((headers, at) => {
      if ((RANKS[at] ?? 0) >= below) return undefined
      const lines = Object.entries({ Host: 'cameras.example', ...FAR, ...headers }).map(
        ([name, value]) => `${name}: ${value}\r\n`,
      )
      return firstStatus(port, `${method} ${path} HTTP/1.1\r\n${lines.join('')}${length}\r\n${method === 'GET' ? '' : '{}'}`)
    }),
  )
}

/** Every path that is written there, so that no route is forgotten in the table. */
function pathsIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  return [
    ...new Set(
      files.flatMap((file) =>
        [...readFileSync(join(folder, file), 'utf8').matchAll(/'(\/[a-z][\w./-]*\*?)'/g)].map(([, path = '']) => path),
      ),
    ),
  ]
}

it('S-30 a token in the URL opens nothing; a ticket opens one file once, within its time, and neither reaches the log', async () => {
  const operator = await loggedIn('operator')
  const files: string[] = []
  for (const filename of ['ticket-a.jpg', 'ticket-b.jpg']) {
    await operator.call('take_snapshot', { device: 'camera0', filename })
    files.push(`/files/snapshots/${filename}`)
  }
  const [first = '', second = ''] = files
  const token = tokens.get('viewer')
  for (const name of ['token', 'access_token', 'auth_token', 'api_key', 'ticket', 'jwt'])
    expect((await ask(service.port, 'GET', `${first}?${name}=${token}`)).status).toBe(401)
  await expect(
    RpcClient.connect(`${service.url}?token=${token}`).then((client) => client.failure('get_camera_list')),
  ).resolves.toMatchObject({
    code: -32001,
  })
  let endsMs = 0
  const issue = async (path: string): Promise<string> => {
    const answer = await ask(service.port, 'POST', '/api/v1/tickets', {
      headers: bearer('viewer'),
      body: JSON.stringify({ path }),
    })
    expect(answer.status).toBe(201)
    const { ticket, expires_in } = JSON.parse(answer.body) as { readonly ticket: string; readonly expires_in: number }
    endsMs = performance.now() + expires_in * 1_000
    return ticket
  }
  const open = async (path: string, ticket: string): Promise<number> =>
    (await ask(service.port, 'GET', `${path}?ticket=${ticket}`, { headers: FAR })).status
  const [once, late] = [await issue(first), await issue(first)]
  expect([await open(second, once), await open(first, once), await open(first, once)]).toEqual([401, 200, 401])
  await delay(endsMs - performance.now())
  expect(await open(first, late)).toBe(401)
  for (const secret of [once, late, token]) expect(service.log() + service.output()).not.toContain(secret)
  await operator.close()
})

const CANARY = 'c4n4ry-S3cr3t-0123456789abcdef'
const NASTY = ['\r\n{"level":"info","msg":"forged"}', '\u001b[2J\u001b[31m', '\u0000', '\u2028', '\u0085', '"}\n{"x":"']

it('S-51 log injection and leaks: every line is one JSON object, and no secret is in any', async () => {
  const admin = await loggedIn('admin')
  for (const field of ['auth_token', 'token', 'api_key']) {
    await admin.request({ method: 'authenticate', params: { [field]: `${CANARY}.a.b` } })
    await admin.request({ method: 'authenticate', params: { [field]: `csk_${CANARY}` } })
    await admin.request({ method: 'get_camera_status', params: { device: 'camera0', [field]: CANARY } })
  }
  for (const nasty of NASTY) {
    await admin.request({ method: `x${nasty}`, params: {} })
    for (const method of [
      'take_snapshot',
      'start_recording',
      'get_recording_info',
      'delete_snapshot',
      'add_external_stream',
      'subscribe_events',
    ]) {
      const filename = `a${nasty}`
      await admin.request({
        method,
        params: {
          device: 'camera0',
          filename,
          topics: [nasty],
          stream_url: `rtsp://user:${CANARY}@192.0.2.1/${nasty}`,
          stream_name: nasty,
        },
      })
    }
  }
  const headers = {
    Origin: `http://${CANARY}`,
    Cookie: `a=${CANARY}`,
    'User-Agent': 'x\u001b[31m',
    Authorization: `Bearer ${CANARY}`,
  }
  for (const port of [service.port, service.healthPort, service.cameraPort]) {
    for (const path of [
      '/files/snapshots/%0d%0aX-Evil:1',
      '/nothing%0a{"a":1}',
      `/video_feed?ticket=${CANARY}`,
      `/snapshot?token=${CANARY}`,
    ])
      await ask(port, 'GET', path, { headers: { ...headers, ...FAR } })
  }
  await admin.close()
  // The camera face logs every request, in its own form and file.
  const accessLog = (): string => readFileSync(join(service.stateDir, 'camera_stream.log'), 'utf8')
  await vi.waitFor(() => expect(accessLog()).not.toBe(''))
  const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')
  for (const line of linesOf(service.log())) {
    expect(JSON.parse(line)).toMatchObject({ level: expect.any(String), msg: expect.not.stringMatching(/^forged$/) })
  }
  for (const line of linesOf(accessLog())) expect(line).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - /)
  for (const text of [service.log(), service.output(), accessLog()]) {
    expect(text).not.toContain(CANARY)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/)
  }
})

it('S-53 errors of viewers and operators tell no path, no node, no address and no command of ours', async () => {
  const { methods } = (await (await fetch(`http://127.0.0.1:${service.port}/openrpc.json`)).json()) as {
    readonly methods: readonly { readonly name: string }[]
  }
  const wrong = [
    {},
    { device: 'camera9' },
    { device: 'camera0', filename: '../../etc/passwd', format: 'exe', duration: -1 },
    { device: 5, filename: [], limit: 1e9, topics: 'x', filters: [] },
    { device: 'camera0', filename: 'gone.mp4', stream_url: 'rtsp://127.0.0.1:9997/', stream_name: 'x', topics: ['x'] },
    { device: 'camera0', controls: { nothing: 1 }, scan_interval: -1, policy_type: 'x' },
  ]
  const leaks: string[] = []
  for (const role of ['viewer', 'operator'] as const) {
    const client = await loggedIn(role)
    for (const { name } of methods.filter((method) => method.name !== 'authenticate')) {
      for (const params of wrong) {
        const { error } = await client.request({ method: name, params })
        const text = JSON.stringify(error ?? {})
        const found =
          /\/(?:home|root|tmp|usr|var|work|dev|proc|opt|etc)\/(?!video\d|passwd)|node_modules|\bat \S+ \(|\.[jt]s:\d|ffmpeg -|https?:\/\/127|rtsp:\/\/127/.exec(
            text,
          )
        if (found !== null) leaks.push(`${name} by ${role}: ${found[0]} in ${text}`)
        if (text.includes(service.stateDir)) leaks.push(`${name} by ${role}: the state folder in ${text}`)
      }
    }
    await client.close()
  }
  expect(leaks).toEqual([])
}, 60_000)

it('S-50 JSON cost: the worst that can be sent holds nobody up', async () => {
  const viewer = await loggedIn('viewer')
  const strangers = await Promise.all(Array.from({ length: 4 }, () => RpcClient.connect(service.url)))
  const other = await loggedIn('viewer')
  const size = 16_000
  const wrap = (value: string): string => `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${value}}}`
  const worst = [
    '['.repeat(size),
    wrap('['.repeat(size / 2) + ']'.repeat(size / 2)),
    wrap('{"a":'.repeat(size / 6) + '1'.padEnd(size / 6, '}')),
    wrap(`[${'0,'.repeat(size / 2 - 40)}0]`),
    wrap(`"${'\\u0061'.repeat(size / 6 - 20)}"`),
    wrap(`{${Array.from({ length: 1_300 }, (_, index) => `"k${index}":1`).join()}}`),
    wrap('1'.repeat(size - 100)),
    `{"jsonrpc":"2.0","id":${'9'.repeat(size - 100)},"method":"ping"}`,
    `{"jsonrpc":"2.0","id":1,"method":"${'a'.repeat(size - 100)}"}`,
    wrap(`"${'x'.repeat(size - 100)}`),
  ]
  const megabyte = wrap('['.repeat(400_000) + ']'.repeat(400_000))
  /** Milliseconds of 15 calls, while 1 000 messages a second come or none do. */
  const calls = async (busy: boolean): Promise<readonly number[]> => {
    const times: number[] = []
    for (let round = 0; round < 15; round++) {
      const began = performance.now()
      const took = stopwatch(service.pid)
      if (busy) {
        for (const [index, text] of worst.entries()) strangers[index % strangers.length]?.socket.send(text)
        if (round === 0) viewer.socket.send(megabyte)
      }
      await other.call('ping')
      times.push(took())
      await delay(Math.max(0, 10 - (performance.now() - began)))
    }
    return times
  }
  // In turn, so that whatever else the machine does slows both alike.
  const [idle, busy]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < 20; turn++) {
    idle.push(...(await calls(false)))
    busy.push(...(await calls(true)))
  }
  const p99 = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0
  console.info(`S-50: p99 ${p99(idle).toFixed(2)} ms, busy ${p99(busy).toFixed(2)} ms`)
  // An answer waits for at least as long as the loop is late, so this bounds both.
  expect(p99(busy)).toBeLessThanOrEqual(20)
  await Promise.all([viewer, other, ...strangers].map((client) => client.close()))
}, 60_000)

it('S-54 metrics label explosion: neither a hundred thousand method names nor names of anything else add a series', async () => {
  // With no client but its own: what becomes of others is counted, too.
  const alone = await startService({ env: { CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '1000000' } })
  const series = async (): Promise<readonly string[]> => {
    const { status, body } = await ask(alone.port, 'GET', '/metrics')
    expect(status).toBe(200)
    const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return lines.map((line) => line.slice(0, line.lastIndexOf(' '))).sort()
  }
  const strange = (): string => Math.random().toString(36).slice(2)
  const viewer = await RpcClient.connect(alone.url)
  await viewer.login(alone.token('viewer'))
  const others = async (): Promise<void> => {
    await viewer.request({ method: 'get_camera_status', params: { device: strange() } })
    await viewer.request({ method: 'subscribe_events', params: { topics: [strange()], filters: { device: strange() } } })
    await ask(alone.port, 'GET', `/${strange()}`, { headers: { ...FAR, Origin: `http://${strange()}` } })
  }
  // Each known outcome of a known method is counted from its first time on; that is one of a closed set and may come.
  await viewer.request({ method: strange() })
  await viewer.call('ping')
  await series()
  await others()
  const before = await series()
  expect(before.length).toBeGreaterThan(50)
  let refused = 0
  viewer.socket.on('message', (data: Buffer) => {
    if (data.includes('-32601')) refused += 1
  })
  const total = 100_000
  for (let sent = 0; sent < total; ) {
    // So many at once as a connection may have waiting.
    for (let batch = 0; batch < 1_000; batch++, sent++)
      viewer.socket.send(`{"jsonrpc":"2.0","id":"x","method":"${strange()}","params":{"device":"${strange()}"}}`)
    viewer.messages.length = viewer.texts.length = 0
    await viewer.call('ping')
  }
  expect(refused).toBe(total)
  for (let count = 0; count < 200; count++) await others()
  const after = await series()
  expect(after.filter((name) => !before.includes(name))).toEqual([])
  expect(after).toEqual(before)
  await viewer.close()
  expect(await alone.stop()).toBe(0)
}, 60_000)
