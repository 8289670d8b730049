/** What the thread with the services and those with the connections say to each other. Plain data all of it. */

import type { Asking, Identity, LoginLock, LoginThrottleOptions, Rate, Role, TokenSecrets, TokensOptions } from '../auth/index.js'
import type { AuditEntry } from '../base/audit-log.js'
import type { LoadThresholds } from '../base/load.js'
import type {
  Answer,
  Call,
  ConnectionFigures,
  HttpServerSettings,
  ListenAddress,
  Refused,
  SharedAddressRates,
} from '../http/index.js'
import type { Home, HomeCall, LogSnapshot, RpcStats, WorkLimits } from '../rpc/index.js'
import type { CameraModel } from './camera-model.js'
import type { Channel } from './channel.js'
import type { LogTold } from './far-logger.js'

type Answered<Ask extends (...args: never[]) => Promise<unknown>> = Awaited<ReturnType<Ask>>

/** A request for a page or a file. */
export interface CallFacts extends Omit<Call, 'headers'> {
  /** As `RequestHeaders.flat`. */
  readonly headers: readonly string[]
}

/** An identity that was found out at home; `id` names it when its right is shortened. */
export interface IdentityFacts extends Pick<Identity, 'userId' | 'role' | 'expiresAtMs' | 'localOnly'> {
  readonly id: number | undefined
}

export interface PageAsk {
  /** Place in the list of pages. */
  readonly page: number
  readonly call: CallFacts
  readonly text: string
  readonly tooBig: boolean
}

/** A file that is held at home until it is told that it need not be any more. */
export interface GrantedFile {
  readonly id: number
  readonly root: string
  readonly path: string
  readonly name: string
}

export type HomeAsks = {
  /** JSON of the result. */
  readonly call: { readonly ask: HomeCall; readonly answer: string }
  readonly counts: { readonly ask: null; readonly answer: Answered<Home['counts']> }
  readonly state: { readonly ask: string; readonly answer: Answered<Home['state']> }
  readonly verify: { readonly ask: { readonly credential: unknown; readonly asking: Asking }; readonly answer: IdentityFacts }
  readonly page: { readonly ask: PageAsk; readonly answer: Answer }
  readonly download: { readonly ask: CallFacts; readonly answer: GrantedFile | Refused }
}

export type HomeTells = {
  readonly log: LogTold
  /** What should not have happened, in words that any client may see. */
  readonly trouble: string
  readonly audit: AuditEntry
  /** A file that is not needed any more. */
  readonly released: number
  /** Bytes of files that went out. */
  readonly sent: number
}

export type ThreadAsks = {
  /** Answered when the port is listened on. */
  readonly start: { readonly ask: null; readonly answer: null }
  /** The end begins: answered when nothing is under way any more. */
  readonly settle: { readonly ask: null; readonly answer: null }
  /** Answered when nobody is connected any more. */
  readonly drain: { readonly ask: null; readonly answer: null }
  readonly counts: { readonly ask: null; readonly answer: Answered<Home['counts']> }
  /** Asked every second, too: a thread that does not answer hangs. */
  readonly figures: { readonly ask: null; readonly answer: ThreadFigures }
}

export type ThreadTells = {
  readonly cameras: CameraModel
  readonly event: { readonly topic: string; readonly payload: Readonly<Record<string, unknown>> }
  readonly ready: boolean
  readonly limits: CallLimits
  readonly settings: HttpServerSettings
  readonly secret: { readonly secret: string; readonly endsAtMs: number }
  readonly lock: LoginLock
  /** The right of an identity ends earlier than was told. */
  readonly shortened: { readonly id: number; readonly expiresAtMs: number }
}

/** As a thread sees it, and as home does. */
export type HomeChannel = Channel<HomeAsks, HomeTells, ThreadAsks, ThreadTells>
export type ThreadChannel = Channel<ThreadAsks, ThreadTells, HomeAsks, HomeTells>

/** How much clients may ask for. */
export interface CallLimits {
  readonly rate: Rate
  readonly identityRate: Rate
  readonly work: WorkLimits
  /** Of the thread's event loop; memory is looked at home. */
  readonly load: LoadThresholds
}

export interface ThreadFigures {
  readonly rpc: RpcStats
  readonly connections: ConnectionFigures
}

/** What a thread is started with. */
export interface ThreadData {
  /** Its place among the threads, from 0. */
  readonly row: number
  readonly counts: SharedArrayBuffer
  /** What clients have used of the rates that hold for all threads. */
  readonly rates: SharedAddressRates & { readonly identity: SharedArrayBuffer }
  /** How many messages were sent to it so far: one number. */
  readonly sent: SharedArrayBuffer
  readonly address: ListenAddress
  /** Known to be free; undefined: none. */
  readonly secondAddress: ListenAddress | undefined
  readonly settings: HttpServerSettings
  readonly rules: RpcRules
  readonly limits: CallLimits
  readonly tokens: TokenSecrets & TokenRules
  readonly throttle: ThrottleRules
  readonly locks: readonly LoginLock[]
  readonly pages: readonly { readonly path: string; readonly bodies: readonly string[] }[]
  /** Undefined: there are none. */
  readonly downloads: { readonly bytes: number; readonly withinMs: number } | undefined
  readonly cameras: CameraModel
  readonly log: LogSnapshot
  readonly ready: boolean
  readonly logLevel: string
  readonly guardFile: string
}

export interface RpcRules {
  readonly tokensInCalls: boolean
  readonly authRequiredInMessage: boolean
  readonly extraMembers: boolean
  readonly serverInfoRole: Role
}

export type TokenRules = Omit<TokensOptions, 'secret' | 'previous' | 'clock' | 'cacheEntries'>

export type ThrottleRules = Omit<LoginThrottleOptions, 'clock'>
