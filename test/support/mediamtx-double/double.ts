/** A MediaMTX without media: its control API, its on-demand hooks and a door for publishers, with switches to do it wrong. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type ApiState, answer } from './api.js'
import { type Faults, noFaults } from './faults.js'
import { LivePaths } from './live.js'
import type { Fields } from './path-fields.js'
import { PathStore } from './path-store.js'
import { failure, json, type Reply, unauthorized } from './replies.js'
import { RtspDoor } from './rtsp.js'
import type { Runtime } from './runtime.js'

export interface DoubleOptions {
  /** Paths of its configuration file. */
  readonly file?: Readonly<Record<string, Fields>>
  readonly credentials?: { readonly user: string; readonly password: string }
  readonly publishCredentials?: { readonly user: string; readonly password: string }
  /** How late wrong credentials are refused; up to 4 s in the real one. */
  readonly wrongCredentialsDelayMs?: number
  /** Behaves like a release before 1.15. */
  readonly old?: boolean
  /** False: hooks never run, as in a container without our program. */
  readonly runsHooks?: boolean
}

/** Passwords are never shown. */
const REDACTED_USERS = {
  authInternalUsers: [
    { user: 'camera-service', pass: '<redacted>', ips: ['127.0.0.1/32'], permissions: [{ action: 'api', path: '' }] },
  ],
}
/** How long the API is away after an edit of global fields that restarts a listener. */
const RESTART_MS = 6

export class MediamtxDouble {
  faults: Faults = noFaults()
  /** `METHOD endpoint` of every call since the last `calls.length = 0`. */
  readonly calls: string[] = []
  /** Every call that would change something, with what it sent. */
  readonly written: { readonly method: string; readonly path: string; readonly body: string }[] = []
  /** First bytes of whoever came to the API and spoke something else than HTTP. */
  readonly strangers: string[] = []
  readonly live: LivePaths
  readonly #options: DoubleOptions
  readonly #store: PathStore
  readonly #door: RtspDoor
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #blockedUntilMs = 0
  #writesUntilMs = 0
  #started = new Date()
  /** What reads still show while a write takes its time to become visible. */
  #stale: { readonly untilMs: number; readonly replies: Map<string, Reply> } | undefined
  port = 0

  constructor(options: DoubleOptions = {}) {
    this.#options = options
    this.live = new LivePaths({
      config: (name) => this.#store.get(name),
      runsHooks: options.runsHooks !== false,
      isDiskFull: () => this.faults.diskFull,
    })
    this.#store = new PathStore(options.file ?? {}, (name, before, after) => this.runtime.configured(name, before, after))
    this.#door = new RtspDoor({
      runtime: this.runtime,
      refuseRecord: () => this.faults.refuseRecords-- > 0,
      credentials: () => options.publishCredentials,
    })
  }

  get runtime(): Runtime {
    return this.live.runtime
  }

  get rtspPort(): number {
    return this.#door.port
  }

  get started(): Date {
    return this.#started
  }

  /** Configured paths, effective. */
  config(name: string): Fields | undefined {
    return this.#store.get(name)
  }

  names(): string[] {
    return this.#store.names()
  }

  /** Opens its listeners: on the ports it had before, if it ran before. */
  async start(): Promise<void> {
    this.#started = new Date(Math.max(Date.now(), this.#started.getTime() + 1))
    this.#stale = undefined
    this.#store.reload()
    await this.#door.open()
    const server = createServer((request, response) => this.#serve(request, response))
    server.keepAliveTimeout = 30_000
    server.on('clientError', (thrown: Error & { readonly rawPacket?: Buffer }, socket) => {
      if (thrown.rawPacket !== undefined) this.strangers.push(thrown.rawPacket.toString('latin1', 0, 200))
      socket.destroy()
    })
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.port = address.port
  }

  /** Gone from one moment to the next, as by kill -9. */
  async kill(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
    // First: what is being recorded stays as it is.
    this.live.clear()
    await this.#door.close()
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  /** Somebody edited the configuration file: `started` stays, API paths go. */
  editFile(): void {
    this.#store.reload()
  }

  /** What another client of the API does. */
  call(method: string, path: string, body: unknown = {}): Reply {
    return answer(this.#state(), { method, path, query: new URLSearchParams(), body: JSON.stringify(body) })
  }

  #state(): ApiState {
    const { old = false } = this.#options
    const global = {
      ...REDACTED_USERS,
      rtsp: true,
      rtspEncryption: 'no',
      rtspAddress: `127.0.0.1:${this.rtspPort}`,
      hls: true,
      hlsAddress: ':8888',
      webrtc: false,
      webrtcAddress: ':8889',
    }
    return { store: this.#store, runtime: this.runtime, global, started: this.#started, old }
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://double')
    const path = decodeURIComponent(url.pathname).replace(/^\/v3\//, '')
    const endpoint = endpointOf(path)
    let body = ''
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      this.calls.push(`${request.method} ${endpoint}`)
      if (request.method !== 'GET') this.written.push({ method: request.method ?? '', path, body })
      if (this.faults.hang.has(endpoint)) return
      const refused = this.#refused(request.headers.authorization)
      if (refused !== undefined) {
        setTimeout(() => send(response, refused.reply), refused.delayMs)
        return
      }
      const method = request.method ?? 'GET'
      this.#inTurn(method, path, () => {
        const reply = this.#answer(method, path, url.searchParams, body)
        if (path === 'config/global/patch' && reply.status === 200) setImmediate(() => void this.#restartListener())
        if (this.faults.dropReply.has(endpoint)) request.socket.destroy()
        else this.#send(response, endpoint, reply)
      })
    })
  }

  /** Writes come one after the other, each as long as the paths are many; a reload that is blocked holds up those and `paths/…`. */
  #inTurn(method: string, path: string, act: () => void): void {
    const nowMs = performance.now()
    const isWrite = method !== 'GET'
    const waits = isWrite || path.startsWith('paths/')
    const startMs = waits ? Math.max(nowMs, this.#blockedUntilMs, isWrite ? this.#writesUntilMs : 0) : nowMs
    const endMs = isWrite ? startMs + this.faults.writeMsPerPath * this.names().length : startMs
    if (isWrite) this.#writesUntilMs = endMs
    if (endMs <= nowMs) act()
    else setTimeout(act, endMs - nowMs)
  }

  async #restartListener(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
    await new Promise((resolve) => setTimeout(resolve, RESTART_MS))
    await this.faults.restart
    if (this.#server === server) server.listen(this.port, '127.0.0.1')
  }

  #answer(method: string, path: string, query: URLSearchParams, body: string): Reply {
    const state = this.#state()
    const request = { method, path, query, body }
    const hiddenMs = Math.max(this.faults.visibilityDelayMs, this.faults.blockReloadMs)
    if (method !== 'GET' && hiddenMs > 0) {
      if (this.faults.blockReloadMs > 0) this.#blockedUntilMs = performance.now() + this.faults.blockReloadMs
      this.faults.blockReloadMs = 0
      const untilMs = Date.now() + hiddenMs
      const lists = ['config/paths/list', 'paths/list']
      const many = new URLSearchParams({ itemsPerPage: '1000000' })
      this.#stale ??= {
        untilMs,
        replies: new Map(lists.map((list) => [list, answer(state, { method: 'GET', path: list, query: many, body: '' })])),
      }
    }
    if (this.#stale !== undefined && Date.now() >= this.#stale.untilMs) this.#stale = undefined
    const stale = method === 'GET' ? staleReply(this.#stale?.replies, path) : undefined
    return stale ?? answer(state, request)
  }

  /** Authentication comes before routing. */
  #refused(authorization: string | undefined): { readonly reply: Reply; readonly delayMs: number } | undefined {
    const { credentials, old = false, wrongCredentialsDelayMs = 300 } = this.#options
    if (credentials === undefined) return undefined
    const given = Buffer.from(/^Basic (\S+)$/.exec(authorization ?? '')?.[1] ?? '', 'base64').toString()
    if (given === `${credentials.user}:${credentials.password}`) return undefined
    const none = given === '' || given === ':'
    return { reply: unauthorized(none, old), delayMs: none ? 0 : wrongCredentialsDelayMs }
  }

  #send(response: ServerResponse, endpoint: string, reply: Reply): void {
    const garbage = this.faults.garbage.get(endpoint)
    const cut = this.faults.torn.get(endpoint)
    if (garbage !== undefined) send(response, { status: garbage.status, type: 'text', body: garbage.text })
    else if (cut === undefined) send(response, reply)
    else {
      response.writeHead(reply.status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(reply.body) })
      response.write(reply.body.slice(0, cut), () => response.destroy())
    }
  }
}

/** What a reply was before the write that does not show yet. */
function staleReply(replies: ReadonlyMap<string, Reply> | undefined, path: string): Reply | undefined {
  const name = /^config\/paths\/get\/(.+)$/.exec(path)?.[1]
  const list = replies?.get(name === undefined ? path : 'config/paths/list')
  if (name === undefined || list === undefined) return list
  const item = (JSON.parse(list.body) as { items: { name: string }[] }).items.find((config) => config.name === name)
  return item === undefined ? failure(404, 'path configuration not found', false) : json(item)
}

/** The call without the name of its object. */
function endpointOf(path: string): string {
  return path.replace(/^(config\/paths\/(?:get|add|replace|patch|delete)|paths\/get)\/.*$/, '$1')
}

function send(response: ServerResponse, reply: Reply): void {
  const types = { json: 'application/json; charset=utf-8', text: 'text/plain', html: 'text/html; charset=utf-8' }
  response.writeHead(reply.status, { 'content-type': types[reply.type], ...reply.headers })
  response.end(reply.body)
}
