/** A MediaMTX without media: its control API, its on-demand hooks and a door for publishers, with switches to do it wrong. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type ApiState, answer } from './api.js'
import { type Faults, noFaults } from './faults.js'
import { Hook } from './hooks.js'
import type { Fields } from './path-fields.js'
import { PathStore } from './path-store.js'
import { type Reply, unauthorized } from './replies.js'
import { RtspDoor } from './rtsp.js'
import { Runtime } from './runtime.js'

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

export class MediamtxDouble {
  faults: Faults = noFaults()
  /** `METHOD endpoint` of every call since the last `calls.length = 0`. */
  readonly calls: string[] = []
  readonly runtime: Runtime
  readonly #options: DoubleOptions
  readonly #store: PathStore
  readonly #door: RtspDoor
  readonly #initHooks = new Map<string, Hook>()
  readonly #demandHooks = new Map<string, Hook>()
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #started = new Date()
  /** What reads still show while a write takes its time to become visible. */
  #stale: { readonly untilMs: number; readonly replies: Map<string, Reply> } | undefined
  port = 0

  constructor(options: DoubleOptions = {}) {
    this.#options = options
    this.runtime = new Runtime({
      created: (name, config) => this.#created(name, config),
      destroyed: (name) => this.#destroyed(name),
    })
    this.#store = new PathStore(options.file ?? {}, (name, before, after) => this.runtime.configured(name, before, after))
    this.#door = new RtspDoor({
      runtime: this.runtime,
      refuseRecord: () => this.faults.refuseRecords-- > 0,
      credentials: () => options.publishCredentials,
    })
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

  /** Gone from one moment to the next, as by kill -9. Hooks notice by themselves in the real case; here they are ended. */
  async kill(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
    await this.#door.close()
    this.runtime.clear()
    for (const hook of [...this.#initHooks.values(), ...this.#demandHooks.values()]) hook.stop()
    this.#initHooks.clear()
    this.#demandHooks.clear()
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

  /** A reader comes: held (and the demand hook started) while nothing is published. The function returned makes it leave. */
  async read(name: string): Promise<() => void> {
    const config = this.#store.get(name)
    if (config !== undefined && this.runtime.get(name)?.publisher === undefined) {
      this.#runHook(this.#demandHooks, name, config, 'runOnDemand')
      while (this.runtime.get(name)?.publisher === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return this.runtime.read(name)
  }

  /** Demand is over: the server tells the hook. */
  endDemand(name: string): void {
    this.#demandHooks.get(name)?.stop()
    this.#demandHooks.delete(name)
  }

  #state(): ApiState {
    const { old = false } = this.#options
    const global = {
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
      if (this.faults.hang.has(endpoint)) return
      const refused = this.#refused(request.headers.authorization)
      if (refused !== undefined) {
        setTimeout(() => send(response, refused.reply), refused.delayMs)
        return
      }
      const reply = this.#answer(request.method ?? 'GET', path, url.searchParams, body)
      if (this.faults.dropReply.has(endpoint)) request.socket.destroy()
      else this.#send(response, endpoint, reply)
    })
  }

  #answer(method: string, path: string, query: URLSearchParams, body: string): Reply {
    const state = this.#state()
    const request = { method, path, query, body }
    if (method !== 'GET' && this.faults.visibilityDelayMs > 0) {
      const untilMs = Date.now() + this.faults.visibilityDelayMs
      const lists = ['config/paths/list', 'paths/list']
      const many = new URLSearchParams({ itemsPerPage: '1000000' })
      this.#stale ??= {
        untilMs,
        replies: new Map(lists.map((list) => [list, answer(state, { method: 'GET', path: list, query: many, body: '' })])),
      }
    }
    if (this.#stale !== undefined && Date.now() >= this.#stale.untilMs) this.#stale = undefined
    const stale = method === 'GET' ? this.#stale?.replies.get(path) : undefined
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

  #created(name: string, config: Fields): void {
    this.#runHook(this.#initHooks, name, config, 'runOnInit')
  }

  #destroyed(name: string): void {
    for (const hooks of [this.#initHooks, this.#demandHooks]) {
      hooks.get(name)?.stop()
      hooks.delete(name)
    }
  }

  #runHook(hooks: Map<string, Hook>, name: string, config: Fields, field: 'runOnInit' | 'runOnDemand'): void {
    const command = config[field]
    if (typeof command !== 'string' || command === '' || this.#options.runsHooks === false || hooks.has(name)) return
    hooks.set(name, new Hook(command, name, config[`${field}Restart`] === true, process.env))
  }
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
