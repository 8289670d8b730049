/** One request as a handler sees it, and what it answers with. */

import type { Socket } from 'node:net'
import type { Role } from '../../auth/index.js'
import type { Access } from '../access/access.js'

export interface Call {
  readonly method: string
  /** Parts of the path that the route names: `{ id: 'camera0' }`. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly access: Access
  /** Address of the peer. */
  readonly remote: string
  /** Whole; empty without one. */
  readonly body: Buffer
}

export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Makes the answer a refusal, which is counted: its code, one of a closed set, and one sentence. */
  readonly refusal?: { readonly code: string; readonly reason: string }
  /** Runs when the answer is on its way to the client, or the client has gone. */
  readonly after?: () => void
}

/** The connection becomes something else than one answer. */
export interface Takeover {
  readonly status: 200
  /** Headers of the stream; those that every answer has are added. */
  readonly headers: Readonly<Record<string, string>>
  /** Gets the idle socket before any byte of the answer, and the whole header block. Owns it from then on. */
  readonly take: (socket: Socket, head: string) => void
  /** Its beginning and end are logged elsewhere: no line for the request. */
  readonly isLogged?: true
}

export type Answer = Reply | Takeover

export type Handler = (call: Call) => Answer | Promise<Answer>

export interface QueryParameter {
  readonly name: string
  readonly doc: string
  readonly schema: Readonly<Record<string, unknown>>
}

/** One row of the table of routes: routing, access, `Allow` and the description come from it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** `{name}` matches one segment, `{name...}` what is left. */
  readonly path: string
  /** Role needed; undefined: everybody. */
  readonly role: Role | undefined
  readonly handler: Handler
  readonly doc: string
  readonly query?: readonly QueryParameter[]
  /** What a ticket for this route is called; the camera is added. */
  readonly ticket?: 'video_feed' | 'snapshot' | 'events'
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return jsonText(status, JSON.stringify(value), headers)
}

/** The same for a value that is JSON already. */
export function jsonText(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body }
}

/** Never from a cache: cameras change by the moment. */
export const NO_STORE = {
  'Cache-Control': 'no-cache, no-store, must-revalidate',
  Pragma: 'no-cache',
  Expires: '0',
} as const
