/** A thread with connections: the same RPC face as in one thread, with what it needs of the services asked for at home. */

import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { createTokens, FarCredentials, LoginThrottle, RateLimit, SharedRates } from '../auth/index.js'
import { systemClock as clock } from '../base/clock.js'
import { LoadWatch, loopActivity } from '../base/load.js'
import { Rendered } from '../base/rendered.js'
import {
  ConnectionCounts,
  createHttpServer,
  Downloads,
  type HttpServer,
  type HttpServerSettings,
  type RouteGroup,
} from '../http/index.js'
import { createRemoteRpc, type OpenSession, type RemoteRpc } from '../rpc/index.js'
import { FarCameras } from './camera-model.js'
import { Channel } from './channel.js'
import { farLogger } from './far-logger.js'
import { farDesk, farPages } from './far-pages.js'
import { FarIdentities } from './identity-book.js'
import type { HomeAsks, HomeChannel, HomeTells, ThreadAsks, ThreadData, ThreadTells } from './protocol.js'

if (parentPort !== null) serve(parentPort, workerData as ThreadData)

function serve(port: NonNullable<typeof parentPort>, data: ThreadData): void {
  const counts = new ConnectionCounts(data.counts)
  const cameras = new FarCameras(data.cameras)
  const rateLimit = new RateLimit({ ...data.limits.rate, clock })
  const identityRates = new SharedRates(data.rates.identity, data.limits.identityRate, clock)
  let { work, load } = data.limits
  const tokens = createTokens({ ...data.tokens, clock })
  const throttle = new LoginThrottle({ ...data.throttle, clock })
  for (const lock of data.locks) throttle.lock(lock)
  const identities = new FarIdentities(clock)
  const { settings, change } = changing(data.settings)
  const sent = new Int32Array(data.sent)
  let ready = data.ready
  let stopping = false

  const home: HomeChannel = new Channel<HomeAsks, HomeTells, ThreadAsks, ThreadTells>(port, {
    asks: {
      start: async () => {
        await http.start(new AbortController().signal)
        watch.start()
        tokens.load()
        return null
      },
      settle: async () => {
        stopping = true
        watch.stop()
        await http.settle()
        return null
      },
      drain: async () => {
        await http.stop()
        return null
      },
      counts: () => rpc.counts(),
      figures: () => ({ rpc: rpc.stats(), connections: http.figures }),
    },
    tells: {
      cameras: (model) => cameras.change(model),
      event: ({ topic, payload }) => rpc.hear(topic, payload),
      ready: (isReady) => {
        ready = isReady
      },
      limits: (next) => {
        rateLimit.change(next.rate.requests, next.rate.windowMs)
        identityRates.change(next.identityRate)
        work = next.work
        load = next.load
      },
      settings: change,
      secret: ({ secret, endsAtMs }) => tokens.rotate(secret, endsAtMs),
      lock: (lock) => throttle.lock(lock),
      shortened: ({ id, expiresAtMs }) => identities.shortened(id, expiresAtMs),
    },
  })
  const logger = farLogger((line) => home.tell('log', line), data.logLevel)
  const rpc: RemoteRpc = createRemoteRpc({
    home: {
      call: async (call, signal) => Rendered.fromJson(await home.ask('call', call, signal)),
      counts: () => home.ask('counts', null),
      state: (linkHost) => home.ask('state', linkHost),
    },
    tokens: new FarCredentials(tokens, throttle, async (credential, asking) =>
      identities.identityFrom(await home.ask('verify', { credential, asking })),
    ),
    ...data.rules,
    workLimits: {
      get perConnection() {
        return work.perConnection
      },
      get perKind() {
        return work.perKind
      },
    },
    ...{ cameras, rateLimit, identityRates, clock, logger },
    log: data.log,
    ready: () => ready,
    stopping: () => stopping,
    overloaded: () => counts.load > 0,
    onTrouble: (error) => home.tell('trouble', error),
    audit: (entry) => home.tell('audit', entry),
    nextClient: () => counts.nextClient(),
  })
  const routes: RouteGroup[] = [{ pages: farPages(home, data.pages) }]
  if (data.downloads !== undefined) {
    routes.push(
      new Downloads({
        ...{ clock, logger, slow: data.downloads, desk: farDesk(home) },
        get allowedOrigins() {
          return settings.allowedOrigins
        },
      }),
    )
  }
  const watch = new LoadWatch({
    thresholds: {
      get enabled() {
        return load.enabled
      },
      get loopDelayMs() {
        return load.loopDelayMs
      },
      get usedPercent() {
        return load.usedPercent
      },
    },
    usedPercent: () => ({}),
    busy: loopActivity(),
    onChange: ({ stage }) => counts.setLoad(data.row, stage),
    clock,
  })
  const http: HttpServer = createHttpServer({
    load: () => counts.load,
    ...{ clock, logger, settings, routes },
    rpc: { openSession: (request) => upToDate(rpc.openSession(request), () => home.catchUp(sent, port)) },
    address: data.address,
    secondAddress: data.secondAddress,
    shared: { counts, rates: data.rates, row: data.row },
    // After the library was loaded: the hooks of a thread's end run in reverse order.
    onLoaded: () => (createRequire(import.meta.url)(data.guardFile) as { guard(): void }).guard(),
  })
}

/** Whatever was told at home before a frame was sent is known when the frame is handled, as in one thread. */
function upToDate(session: OpenSession, catchUp: () => void): OpenSession {
  return {
    clientId: session.clientId,
    receive(bytes, binary) {
      catchUp()
      session.receive(bytes, binary)
    },
    get expiresAtMs() {
      return session.expiresAtMs
    },
    get inFlight() {
      return session.inFlight
    },
    close: () => session.close(),
  }
}

/** Settings that are read anew each time they are used, and can change. */
function changing(first: HttpServerSettings): {
  readonly settings: HttpServerSettings
  readonly change: (next: HttpServerSettings) => void
} {
  let present = first
  const settings = {} as HttpServerSettings
  for (const name of Object.keys(first) as (keyof HttpServerSettings)[]) {
    Object.defineProperty(settings, name, { enumerable: true, get: () => present[name] })
  }
  return {
    settings,
    change: (next) => {
      present = next
    },
  }
}
