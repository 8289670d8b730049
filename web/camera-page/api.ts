/** Requests to the service: with the tab's token, with a deadline, with refusals as errors. */

import { session } from './session.js'
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
  /** To the whole answer, or to its header when the body is a stream. */
  readonly timeoutMs?: number
}

const DEFAULT_TIMEOUT_MS = 8_000

/** Parsed JSON. Throws Refused or Unreachable; the signal's reason when it was aborted. */
export async function askJson(path: string, wish: Wish = {}): Promise<unknown> {
  const timeout = AbortSignal.timeout(wish.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const response = await ask(path, { ...wish, signal: wish.signal ? AbortSignal.any([wish.signal, timeout]) : timeout })
  return response.json().catch((thrown: unknown) => {
    wish.signal?.throwIfAborted()
    throw new Unreachable(thrown)
  })
}

/** The answer with its body unread; only the caller's signal ends it. Throws as `askJson` does. */
export async function ask(
  path: string,
  { method = 'GET', body, signal = null }: Wish & { signal?: AbortSignal | null },
): Promise<Response> {
  const { token } = session
  const headers = {
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
  }
  const response = await fetch(path, {
    method,
    headers,
    signal,
    cache: 'no-store',
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
