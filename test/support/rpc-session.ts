/** Sessions without sockets: what would be sent is kept. */

import { createTokens, RateLimit, type Role } from '../../src/auth/index.js'
import { createLogger } from '../../src/base/logger.js'
import { createRpc, type Rpc, type Services, type TokenVerifier, type WorkLimits } from '../../src/rpc/index.js'
import { FakeClock } from './fake-clock.js'
import type { Incoming } from './rpc-client.js'
import { memoryServices } from './rpc-server.js'

const HOUR_MS = 3_600_000

export interface Bench {
  readonly rpc: Rpc
  readonly clock: FakeClock
  readonly logs: string[]
  /** A client of this machine, unless said otherwise. */
  open(from?: { readonly local: boolean }): Caller
  token(role: Role, lifetimeMs?: number): string
  /** An admin's, good on this machine only. */
  readonly localToken: string
}

/** One session, called with objects or texts. */
export interface Caller {
  readonly received: Incoming[]
  readonly closes: { readonly code: number; readonly reason: string }[]
  /** Hands a message over as text; answers what was sent back at once. */
  send(message: unknown): Incoming | undefined
  call(method: string, params?: object): Incoming | undefined
  login(role: Role, lifetimeMs?: number): void
  close(): void
}

export interface BenchOptions {
  readonly services?: Partial<Services>
  readonly callsPerMinute?: number
  readonly tokensInCalls?: boolean
  readonly authRequiredInMessage?: boolean
  readonly extraMembers?: boolean
  readonly workLimits?: WorkLimits
  readonly serverInfoRole?: Role
  /** In place of plain tokens. */
  readonly verifier?: TokenVerifier
}

export function createBench(options: BenchOptions = {}): Bench {
  const clock = new FakeClock()
  const logs: string[] = []
  const logger = createLogger({ level: 'error', format: 'json', write: (line) => void logs.push(line) })
  const tokens = createTokens({ secret: 'a secret of the tests, longer than 32 bytes', leewayMs: 0, maxLifetimeMs: 0, clock })
  const rateLimit = new RateLimit({ requests: options.callsPerMinute ?? 1_000_000, windowMs: 60_000, clock })
  const { verifier = tokens, tokensInCalls = false, authRequiredInMessage = false, extraMembers = false } = options
  const rpc = createRpc({
    services: memoryServices(options.services),
    tokens: verifier,
    tokensInCalls,
    authRequiredInMessage,
    extraMembers,
    ...(options.workLimits && { workLimits: options.workLimits }),
    serverInfoRole: options.serverInfoRole ?? 'viewer',
    rateLimit,
    clock,
    logger,
  })
  const token = (role: Role, lifetimeMs = HOUR_MS): string => tokens.sign({ userId: 'tester', role, lifetimeMs })
  const localToken = tokens.sign({ userId: 'first-start', role: 'admin', lifetimeMs: HOUR_MS, localOnly: true })
  return { rpc, clock, logs, token, localToken, open: (from = { local: true }) => openCaller(rpc, token, from.local) }
}

function openCaller(rpc: Rpc, token: (role: Role, lifetimeMs?: number) => string, local: boolean): Caller {
  const received: Incoming[] = []
  const closes: { code: number; reason: string }[] = []
  const keep = (payload: string | Uint8Array): void => {
    received.push(JSON.parse(Buffer.from(payload).toString()) as Incoming)
  }
  const peer = {
    send: keep,
    notify: keep,
    close: (code: number, reason: string) => void closes.push({ code, reason }),
    rightChanged: () => undefined,
  }
  const session = rpc.openSession({ codec: 'json', linkHost: 'cam-host', local, peer })
  let lastId = 0

  function send(message: unknown): Incoming | undefined {
    const before = received.length
    const text = typeof message === 'string' ? message : JSON.stringify(message)
    session.receive(new Uint8Array(Buffer.from(text)).buffer, false)
    return received[before]
  }
  function call(method: string, params: object = {}): Incoming | undefined {
    lastId += 1
    return send({ jsonrpc: '2.0', id: lastId, method, params })
  }
  return {
    received,
    closes,
    send,
    call,
    login: (role, lifetimeMs) => {
      const reply = call('authenticate', { auth_token: token(role, lifetimeMs) })
      if (reply?.result === undefined) throw new Error(`login failed: ${JSON.stringify(reply)}`)
    },
    close: () => session.close(),
  }
}
