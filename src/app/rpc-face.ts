/** The RPC face as the configuration wants it: in this thread, or in several of its own. */

import type { Credentials, LoginThrottle, RateLimit, Tokens } from '../auth/index.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import type { CameraRegistry } from '../cameras/index.js'
import { type Config, tokenRules } from '../config/index.js'
import {
  type ConnectionFigures,
  createHttpServer,
  type DownloadDesk,
  type Downloads,
  type HttpServer,
  type RouteGroup,
} from '../http/index.js'
import type { CameraPort, Rpc, RpcStats } from '../rpc/index.js'
import { throttleRules } from './credentials.js'
import type { SlowDownloads } from './downloads.js'
import { httpSettings } from './http-settings.js'
import { THREAD_GUARD_FILE } from './native-files.js'

export interface RpcFaceContext {
  readonly config: Config
  readonly rpc: Rpc
  readonly rateLimit: RateLimit
  readonly cameras: CameraPort
  readonly registry: CameraRegistry
  readonly ready: () => boolean
  readonly tokens: Tokens
  readonly throttle: LoginThrottle
  readonly credentials: Credentials
  /** Paths beside the WebSocket's and the downloads. */
  readonly routes: readonly RouteGroup[]
  readonly desk: DownloadDesk
  readonly slow: SlowDownloads
  readonly downloads: Downloads
  readonly clock: Clock
  readonly logger: Logger
}

export interface Figures {
  readonly rpc: RpcStats
  readonly connections: ConnectionFigures
}

export interface RpcFace {
  readonly server: HttpServer
  figures(): Figures | Promise<Figures>
  /** Threads that hold connections in place of this one, and how many of them have died. */
  threads(): { readonly running: number; readonly deaths: number }
  /** Other threads are told that the service is ready. */
  setReady(): void
  /** Live keys have changed. */
  changed(): void
}

export async function buildRpcFace(context: RpcFaceContext): Promise<RpcFace> {
  return context.config.server.workers > 1 ? await inThreads(context) : inThisThread(context)
}

function inThisThread({ config, rpc, rateLimit, routes, downloads, clock, logger }: RpcFaceContext): RpcFace {
  const { security } = config
  const server = createHttpServer({ ...{ rpc, clock, logger }, ...places(config), routes: [...routes, downloads] })
  return {
    server,
    figures: () => ({ rpc: rpc.stats(), connections: server.figures }),
    threads: () => ({ running: 0, deaths: 0 }),
    setReady: () => undefined,
    changed: () => rateLimit.change(security.rate_limit_requests, security.rate_limit_window),
  }
}

async function inThreads(context: RpcFaceContext): Promise<RpcFace> {
  const { config, registry, cameras, desk, slow, tokens, throttle, credentials, rpc, ready, routes, clock, logger } = context
  const { compatibility, server } = config
  const { RpcWorkers } = await import('../workers/index.js')
  const workers = new RpcWorkers({
    ...{ rpc, ready, tokens, throttle, credentials, routes, clock, logger },
    ...places(config),
    threads: server.workers,
    cameras: { ...cameras, onChange: (listener) => registry.events.on('viewsChanged', listener) },
    rules: {
      tokensInCalls: compatibility.tokens_in_calls,
      extraMembers: compatibility.extra_members,
      serverInfoRole: compatibility.server_info_role,
      authRequiredInMessage: compatibility.auth_required_in_message,
    },
    limits: () => limitsOf(config),
    tokenRules: tokenRules(config),
    throttleRules: throttleRules(config),
    downloads: { desk, slow },
    guardFile: THREAD_GUARD_FILE,
  })
  return {
    server: workers,
    figures: () => workers.allFigures(),
    threads: () => workers.threads,
    setReady: () => workers.setReady(true),
    changed: () => workers.changed(),
  }
}

function limitsOf({ security, server }: Config) {
  return {
    rate: { requests: security.rate_limit_requests, windowMs: security.rate_limit_window },
    work: { perConnection: server.max_requests_in_flight, perKind: server.max_slow_requests },
  }
}

function places(config: Config) {
  const { host, port, second_port: secondPort } = config.server
  return {
    address: { host, port, key: 'server.port' },
    secondAddress: secondPort === 0 ? undefined : { host, port: secondPort, key: 'server.second_port' },
    settings: httpSettings(config),
  }
}
