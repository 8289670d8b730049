/** Requests to the service: with the tab's token, with a deadline, with refusals as errors. */

import { session } from './session.js'
import { either } from './wait.js'
import { refusalOf } from './wire.js'

/** The service refused. */
export class Refused extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, detail: string) {
    super(detail)
    this.name = 'Refused'
    this.status = status
    this.code = code
  }
}

/** No answer: the service is away, or it took too long. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The service does not answer', { cause })
    this.name = 'Unreachable'
  }
}

export interface Wish {
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** Type of the answer. */
  readonly accept?: string
}

const DEFAULT_TIMEOUT_MS = 8_000

/** Parsed JSON. Throws Refused or Unreachable; the signal's reason when it was aborted. */
export async function askJson(
  path: string,
  { timeoutMs = DEFAULT_TIMEOUT_MS, ...wish }: Wish & { readonly timeoutMs?: number } = {},
): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const response = await ask(path, { ...wish, signal: wish.signal ? either(wish.signal, timeout) : timeout })
  return response.json().catch((thrown: unknown) => {
    wish.signal?.throwIfAborted()
    throw new Unreachable(thrown)
  })
}

/** The answer with its body unread; the caller's signal alone ends it. Throws as `askJson` does. */
export async function ask(path: string, { method = 'GET', body, signal, accept }: Wish): Promise<Response> {
  const { token } = session
  const headers = {
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(accept === undefined ? {} : { Accept: accept }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  }
  const response = await fetch(path, {
    method,
    headers,
    cache: 'no-store',
    ...(signal === undefined ? {} : { signal }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).catch((thrown: unknown) => {
    if (signal?.aborted && signal.reason?.name !== 'TimeoutError') throw signal.reason
    throw new Unreachable(thrown)
  })
  if (response.ok) return response
  const { code, detail } = refusalOf(await response.json().catch(() => undefined))
  throw new Refused(response.status, code, detail || `The service answered ${response.status}`)
}

/** One sentence for people. */
export function sentenceOf(thrown: unknown): string {
  if (thrown instanceof Refused && thrown.status === 403) return `${thrown.message}. Sign in with another token.`
  return thrown instanceof Error ? thrown.message : String(thrown)
}
