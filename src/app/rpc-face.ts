/** The RPC face as the configuration wants it: in this thread, or in several of its own. */

import type { Credentials, LoginThrottle, RateLimit, Tokens } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import type { Clock } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { LoadStage, LoadThresholds } from '../base/load.js'
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
import { widenBacklog } from '../native/index.js'
import type { CameraPort, Rpc, RpcStats } from '../rpc/index.js'
import { throttleRules } from './credentials.js'
import type { SlowDownloads } from './downloads.js'
import { httpSettings } from './http-settings.js'
import { loadThresholds } from './load-thresholds.js'
import { THREAD_GUARD_FILE } from './native-files.js'
import { identityRate } from './rates.js'

/** Clients that were cut all come back at once; the system keeps it to net.core.somaxconn. */
const WAITING_CONNECTIONS = 4_096

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
  readonly audit: Audit
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
  /** At once, of other threads as they told it last. */
  lastRpc(): RpcStats
  /** Threads that hold connections in place of this one, and how many of them have died. */
  threads(): { readonly running: number; readonly deaths: number }
  /** Stage of load of the most loaded thread, this one as it was told. */
  load(): LoadStage
  setLoad(stage: LoadStage): void
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
  let stage: LoadStage = 0
  const load = (): LoadStage => stage
  const server = createHttpServer({
    ...{ rpc, clock, logger, load },
    ...places(config),
    onListening: widened(logger),
    routes: [...routes, downloads],
  })
  return {
    server,
    load,
    setLoad(now) {
      stage = now
    },
    figures: () => ({ rpc: rpc.stats(), connections: server.figures }),
    lastRpc: () => rpc.stats(),
    threads: () => ({ running: 0, deaths: 0 }),
    setReady: () => undefined,
    changed: () => rateLimit.change(security.rate_limit_requests, security.rate_limit_window),
  }
}

async function inThreads(context: RpcFaceContext): Promise<RpcFace> {
  const { config, registry, cameras, desk, slow, tokens, throttle, credentials, rpc, ready, routes, audit, clock, logger } =
    context
  const { compatibility, server } = config
  const { RpcWorkers } = await import('../workers/index.js')
  const workers = new RpcWorkers({
    ...{ rpc, ready, tokens, throttle, credentials, routes, audit, clock, logger },
    ...places(config),
    onListening: widened(logger),
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
    onTrouble: (error) => rpc.publish('system.error', { error }),
  })
  return {
    server: workers,
    load: () => workers.load,
    setLoad: (stage) => workers.setLoad(stage),
    figures: () => workers.allFigures(),
    lastRpc: () => workers.lastRpc,
    threads: () => workers.threads,
    setReady: () => workers.setReady(true),
    changed: () => workers.changed(),
  }
}

/** The library lets 512 wait, and who comes beyond is not heard for a second, or three, or seven. */
function widened(logger: Logger): (port: number) => void {
  return (port) => {
    try {
      widenBacklog(port, WAITING_CONNECTIONS)
    } catch (thrown) {
      logger.warn({ port, error: errorText(thrown) }, 'no more connections than the library wants may wait on the port')
    }
  }
}

function limitsOf(config: Config) {
  const { security, server } = config
  return {
    rate: { requests: security.rate_limit_requests, windowMs: security.rate_limit_window },
    identityRate: identityRate(config),
    work: { perConnection: server.max_requests_in_flight, perKind: server.max_slow_requests },
    load: plainThresholds(config),
  }
}

function plainThresholds(config: Config): LoadThresholds {
  const { enabled, loopDelayMs, usedPercent } = loadThresholds(config)
  return { enabled, loopDelayMs, usedPercent }
}

function places(config: Config) {
  const { host, port, second_port: secondPort } = config.server
  return {
    address: { host, port, key: 'server.port' },
    secondAddress: secondPort === 0 ? undefined : { host, port: secondPort, key: 'server.second_port' },
    settings: httpSettings(config),
  }
}
