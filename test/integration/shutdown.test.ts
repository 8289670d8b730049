/** The orderly end (reliability-security §2.6). */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { freePort } from '../support/free-port.mjs'
import { inWorkers, untilThere } from '../support/in-workers.js'
import { stopwatchToEnd } from '../support/processor-wait.js'
import { open } from '../support/raw-http.js'
import { inTurns } from '../support/raw-ws.js'
import { extent, full } from '../support/rows.js'
import { RpcClient } from '../support/rpc-client.js'
import { type RunningService, startService } from '../support/service.js'
import { supervisorSocket } from '../support/supervisor.js'

const folder = mkdtempSync(join(tmpdir(), 'shutdown-'))
afterAll(() => rmSync(folder, { recursive: true }))
const STAND_IN = join(import.meta.dirname, '../support/mediamtx-program.mjs')
const DEADLINE = { timeout: 20_000, interval: 10 }
const ROOM = {
  CAMERA_SERVICE_SERVER_MAX_CONNECTIONS: '20000',
  CAMERA_SERVICE_SERVER_MAX_UNAUTHENTICATED: '20000',
  CAMERA_SERVICE_SECURITY_RATE_LIMIT_REQUESTS: '100000',
}

async function ready(service: RunningService): Promise<number> {
  return (await fetch(`http://127.0.0.1:${service.healthPort}/health/ready`)).status
}

describe('an orderly end', () => {
  it('is told to the supervisor, the probes, the metrics and the clients before anything ends', async () => {
    const address = join(folder, 'notify')
    const flag = join(folder, 'go-on')
    const socket = await supervisorSocket(address)
    const service = await startService({
      args: ['--virtual-cameras', '1'],
      env: { NOTIFY_SOCKET: address, CAMERA_SERVICE_WORKERS_SNAPSHOT_THREADS: '1', NODE_OPTIONS: inWorkers(untilThere(flag)) },
    })
    const token = service.token('operator')
    const clients = await Promise.all([0, 1, 2].map(() => RpcClient.connect(service.url)))
    for (const client of clients) {
      await client.login(token)
      await client.call('subscribe_events', { topics: ['system.shutdown'] })
    }
    const [first] = clients
    await vi.waitFor(async () => expect(await first?.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
    expect(await ready(service)).toBe(200)

    const told = clients.map((client) => client.notification('system.shutdown'))
    // The listener is closed from the beginning of the end on; who is in goes on.
    const scraper = open(service.port)
    await once(scraper.socket, 'connect')
    // Something is under way until all has been looked at.
    const slow = first?.call('take_snapshot', { device: 'camera0', format: 'png' })
    expect(await first?.call('ping')).toBe('pong')
    process.kill(service.pid, 'SIGTERM')
    const waits = (await Promise.all(told)).map(({ retry_after_ms }) => retry_after_ms)
    expect(waits.every((ms) => typeof ms === 'number' && ms >= 1_000 && ms <= 5_000)).toBe(true)
    expect(new Set(waits).size).toBeGreaterThan(1)
    await expect(RpcClient.connect(service.url)).rejects.toThrow()
    expect(await first?.request({ method: 'take_snapshot', params: { device: 'camera0' } })).toMatchObject({
      error: { code: -32020, data: { state: 'STOPPING' } },
    })
    expect(await ready(service)).toBe(503)
    scraper.socket.write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    await scraper.until('\nmtxmon_draining 1\n')
    await vi.waitFor(() => expect(JSON.stringify(socket.told)).toContain('STOPPING=1'), DEADLINE)
    scraper.socket.destroy()
    writeFileSync(flag, '')
    expect(await slow).toMatchObject({ status: 'SUCCESS' })
    const closed = await Promise.all(clients.map((client) => client.closed))
    expect(closed.map(({ code }) => code)).toEqual([1001, 1001, 1001])
    // another hint for each, also for who subscribed to nothing.
    const hints = closed.map(({ reason }) => Number(/retry_after_ms=(\d+)$/.exec(reason)?.[1]))
    expect(hints.every((ms) => ms >= 1_000 && ms <= 5_000)).toBe(true)
    expect(new Set(hints).size).toBeGreaterThan(1)
    expect(await service.exited).toBe(0)
    await service.stop()
    await socket.close()
  }, 60_000)

  it('a snapshot that is under way has its camera until it is taken', async () => {
    // One frame a second: the next comes when the capture would long have been stopped.
    const service = await startService({
      args: ['--virtual-cameras', '1'],
      env: { CAMERA_SERVICE_CAMERA_VIRTUAL_CAMERAS_FPS: '1' },
    })
    const client = await RpcClient.connect(service.url)
    await client.login(service.token('operator'))
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
    const { timestamp } = await client.call<{ timestamp: string }>('take_snapshot', { device: 'camera0' })
    // The frame of that one is too old by then.
    await delay(250)
    const late = client.call('take_snapshot', { device: 'camera0' })
    expect(await client.call('ping')).toBe('pong')
    const begun = performance.now()
    // Less when the machine took so long to come here.
    const dueMs = Date.parse(timestamp) + 1_000 - Date.now()
    process.kill(service.pid, 'SIGTERM')
    expect(await late).toMatchObject({ status: 'SUCCESS' })
    expect(performance.now() - begun).toBeGreaterThan(Math.min(400, dueMs - 100))
    expect((await client.closed).code).toBe(1001)
    expect(await service.exited).toBe(0)
    await service.stop()
  }, 60_000)

  it('a client that does not take what waits for it has server.client_cleanup_timeout', async () => {
    const service = await startService({
      env: { ...ROOM, CAMERA_SERVICE_SERVER_SEND_BUFFER_HARD: '67108864', CAMERA_SERVICE_SERVER_CLIENT_CLEANUP_TIMEOUT: '1s' },
    })
    const client = await RpcClient.connect(service.url)
    await client.login(service.token('admin'))
    client.socket.pause()
    const held = async (): Promise<number> => {
      client.socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'rpc.discover', params: {} }))
      const text = await (await fetch(`http://127.0.0.1:${service.port}/metrics`)).text()
      return Number(/^mtxmon_ws_pending_bytes (\d+)$/m.exec(text)?.[1])
    }
    await vi.waitFor(async () => expect(await held()).toBeGreaterThan(0), DEADLINE)
    const begun = performance.now()
    const took = stopwatchToEnd(service.pid)
    process.kill(service.pid, 'SIGTERM')
    expect(await service.exited).toBe(0)
    expect(performance.now() - begun).toBeGreaterThan(900)
    expect(took()).toBeLessThan(1_900)
    client.socket.terminate()
    await service.stop()
  }, 60_000)

  it('R-61: no reply is lost: what was sent is answered, or closed with 1001, and what was not done left no trace', async () => {
    const CLIENTS = 1_000
    const stateDir = join(folder, 'asked')
    mkdirSync(stateDir)
    const service = await startService({ args: ['--virtual-cameras', '1'], env: ROOM, stateDir })
    const token = service.token('operator')
    const clients = await inTurns(CLIENTS, 100, () => RpcClient.connect(service.url))
    await inTurns(CLIENTS, 100, async (index) => clients[index]?.login(token))
    const outcomeOf = (client: RpcClient, method: string, params: object): Promise<string> => {
      const closed = client.closed.then(({ code }) => `closed ${code}`)
      const reply = client.request({ method, params }).then(
        ({ error }) => (error === undefined ? 'done' : `refused ${error.code}`),
        () => closed,
      )
      return Promise.race([reply, closed])
    }
    // A name of its own for each call that makes something: by it what was done can be told from what was not.
    const names: string[] = []
    const snapshotOf = (client: RpcClient): Promise<string> => {
      names.push(`asked-${names.length}.jpg`)
      return outcomeOf(client, 'take_snapshot', { device: 'camera0', filename: names.at(-1) })
    }
    const readings = clients.map((client, index) => {
      const method = ['get_camera_list', 'list_recordings', 'list_snapshots', 'get_camera_status'][index % 4] ?? ''
      return outcomeOf(client, method, method === 'get_camera_status' ? { device: 'camera0' } : {})
    })
    const changes = clients.map(snapshotOf)
    await Promise.race(changes)
    process.kill(service.pid, 'SIGTERM')
    // And those that come when the end has begun.
    await vi.waitFor(() => expect(service.log()).toContain('stopping'), DEADLINE)
    changes.push(...clients.map(snapshotOf))
    const read = await Promise.all(readings)
    const outcomes = await Promise.all(changes)
    expect(new Set((await Promise.all(clients.map((client) => client.closed))).map(({ code }) => code))).toEqual(new Set([1001]))
    expect(await service.exited).toBe(0)
    await service.stop()

    // -32020: it is ending; -32040: too many at a time.
    const kinds = (of: readonly string[]): readonly string[] => [...new Set(of)]
    const allowed = ['done', 'refused -32020', 'refused -32040', 'closed 1001']
    expect(allowed).toEqual(expect.arrayContaining([...kinds(read), ...kinds(outcomes)]))
    expect(read).toContain('done')
    console.info(
      'R-61:',
      kinds(outcomes)
        .map((kind) => `${outcomes.filter((outcome) => outcome === kind).length} ${kind}`)
        .join(', '),
    )
    const notDone = names.filter((_, index) => outcomes[index] !== 'done')
    expect(notDone.length).toBeGreaterThan(0)
    expect(notDone.length).toBeLessThan(names.length)
    const found = readdirSync(join(stateDir, 'snapshots')).filter((name) => name.startsWith('asked-'))
    expect(found.sort()).toEqual(names.filter((_, index) => outcomes[index] === 'done').sort())

    // Whoever was not answered asks again, and is served as if for the first time.
    const next = await startService({ args: ['--virtual-cameras', '1'], env: ROOM, stateDir })
    const client = await RpcClient.connect(next.url)
    await client.login(next.token('operator'))
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
    for (const filename of notDone.slice(0, 20)) {
      expect(await client.call('take_snapshot', { device: 'camera0', filename })).toMatchObject({ status: 'SUCCESS', filename })
    }
    await client.close()
    expect(await next.stop()).toBe(0)
  }, 120_000)

  const IDLE = [10_000, 2_000] as const
  it(`R-62: with idle clients (${extent('clients', ...IDLE)}) it takes no more than 3 s, and each is told 1001`, async () => {
    const CLIENTS = full(...IDLE)
    const service = await startService({ env: ROOM })
    const clients = await idleClients(service.port, CLIENTS)
    const took = stopwatchToEnd(service.pid)
    process.kill(service.pid, 'SIGTERM')
    expect(await service.exited).toBe(0)
    expect(took()).toBeLessThan(3_000)
    expect(new Set(await Promise.all(clients.map(({ end }) => end)))).toEqual(new Set([1001]))
    await service.stop()
  }, 120_000)

  const STREAM = { device: 'camera0' }
  it.each(['a start of a stream', 'a stream that is published'])(
    'R-63: a client that never reads and a media server that hangs in %s do not hold it up',
    async (what) => {
      const [apiPort, rtspPort] = [await freePort(), await freePort()]
      const addresses = { apiAddress: `127.0.0.1:${apiPort}`, rtspAddress: `127.0.0.1:${rtspPort}` }
      const file = join(folder, 'mediamtx.json')
      writeFileSync(file, JSON.stringify({ ...addresses, rtsp: true, hls: false, webrtc: false, paths: {} }))
      const server = spawn(process.execPath, [STAND_IN, file], { stdio: 'ignore' })
      const service = await startService({
        args: ['--virtual-cameras', '1'],
        env: {
          ...ROOM,
          CAMERA_SERVICE_SERVER_SEND_BUFFER_HARD: '67108864',
          CAMERA_SERVICE_MEDIAMTX_MODE: 'external',
          CAMERA_SERVICE_MEDIAMTX_API_PORT: String(apiPort),
          CAMERA_SERVICE_MEDIAMTX_RTSP_PORT: String(rtspPort),
        },
      })
      const client = await RpcClient.connect(service.url)
      await client.login(service.token('admin'))
      const components = (): Promise<unknown> => client.call('get_status')
      await vi.waitFor(async () => expect(await components()).toMatchObject({ components: { mediamtx: 'RUNNING' } }), DEADLINE)
      if (what === 'a stream that is published') await client.call('start_streaming', STREAM)
      server.kill('SIGSTOP')
      // A call that waits for it, and what is still to be told to it.
      client.request({ method: 'start_streaming', params: STREAM }).catch(() => undefined)
      expect(await client.call('ping')).toBe('pong')
      client.socket.pause()
      for (let sent = 0; sent < 3_000; sent += 1) {
        client.socket.send(JSON.stringify({ jsonrpc: '2.0', id: sent, method: 'rpc.discover', params: {} }))
      }
      const took = stopwatchToEnd(service.pid)
      process.kill(service.pid, 'SIGTERM')
      const code = await service.exited
      expect(took()).toBeLessThan(15_000)
      expect(code, service.log()).toBe(0)
      client.socket.terminate()
      server.kill('SIGKILL')
      await service.stop()
    },
    60_000,
  )

  it('R-63: one that does not come to its end, for a hung worker, is ended by the timer, with 1', async () => {
    const service = await startService({
      args: ['--virtual-cameras', '1'],
      env: { CAMERA_SERVICE_SERVER_SHUTDOWN_TIMEOUT: '2s', NODE_OPTIONS: inWorkers('for (;;);') },
    })
    const client = await RpcClient.connect(service.url)
    await client.login(service.token('operator'))
    await vi.waitFor(async () => expect(await client.call('get_camera_list')).toMatchObject({ connected: 1 }), DEADLINE)
    client.call('take_snapshot', { device: 'camera0', format: 'png' }).catch(() => undefined)
    // Behind it on the same connection, so that it is under way.
    expect(await client.call('ping')).toBe('pong')
    const took = stopwatchToEnd(service.pid)
    process.kill(service.pid, 'SIGTERM')
    expect(await service.exited).toBe(1)
    expect(took()).toBeLessThan(2_000 + 3_000)
    expect(service.log()).toContain('not stopped in time')
    client.socket.terminate()
    await service.stop()
  }, 60_000)
})

interface IdleClient {
  /** The code of the close frame, once the socket has gone; or what came in its place. */
  readonly end: Promise<number | string>
}

async function idleClients(port: number, count: number): Promise<IdleClient[]> {
  const clients: IdleClient[] = []
  const one = async (): Promise<void> => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.write(
      'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    let failure = ''
    let came = Buffer.alloc(0)
    const end = new Promise<number | string>((resolve) => {
      socket.on('error', ({ message }) => {
        failure = message
      })
      socket.on('close', () => resolve(closeCode(came) ?? `${failure || 'no close frame'} after ${came.length} bytes`))
    })
    await new Promise<void>((resolve) => {
      socket.on('data', (data: Buffer) => {
        came = Buffer.concat([came, data])
        if (came.includes(HEAD_END)) resolve()
      })
      socket.once('close', resolve)
    })
    clients.push({ end })
  }
  while (clients.length < count) await Promise.all(Array.from({ length: Math.min(200, count - clients.length) }, one))
  return clients
}

const HEAD_END = '\r\n\r\n'
/** First bytes of a server's frames. */
const [CLOSE, PING] = [0x88, 0x89]

/** Of the close frame behind the answer to the handshake and whatever pings there were. */
function closeCode(came: Buffer): number | undefined {
  let frame = came.subarray(came.indexOf(HEAD_END) + HEAD_END.length)
  while (frame[0] === PING) frame = frame.subarray(2 + (frame[1] ?? 0))
  return came.includes(HEAD_END) && frame[0] === CLOSE && frame.length >= 4 ? frame.readUInt16BE(2) : undefined
}
