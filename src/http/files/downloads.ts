/** `/files/recordings/NAME` and `/files/snapshots/NAME`: the same on every listener of ours. */

import { type Clock, wait } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import { answer, answerHead, type Call, type RouteGroup, type Routes, writeHead } from '../routes.js'
import type { HttpResponse } from '../uws.js'
import { isUnchanged, rangeHolds } from './conditions.js'
import type { DeskPort } from './desk.js'
import { corsHeaders, fileHeaders, PRIVATE } from './headers.js'
import { type OpenFile, openBelow } from './open-file.js'
import { type Span, spanOf } from './range.js'
import { REFUSED, type Refused, refusalOf } from './refusals.js'
import { type SlowRule, Transfer } from './transfer.js'

export interface DownloadsOptions {
  readonly desk: DeskPort
  readonly slow: SlowRule
  readonly allowedOrigins: readonly string[]
  readonly clock: Clock
  readonly logger: Logger
}

/** Longest wait at stop. */
const DRAIN_MS = 5_000
const POLL_MS = 20

/** A request, and whether there is still somebody to answer. */
interface Asked {
  readonly call: Call
  readonly response: HttpResponse
  gone: boolean
  transfer: Transfer | undefined
}

export class Downloads implements RouteGroup {
  readonly #options: DownloadsOptions
  readonly #running = new Set<Asked>()

  constructor(options: DownloadsOptions) {
    this.#options = options
  }

  mount(routes: Routes): void {
    routes.any('/files/*', (response, call) => this.#serve(response, call))
  }

  async drain(): Promise<void> {
    const { clock } = this.#options
    const endMs = clock.nowMs() + DRAIN_MS
    while (this.#running.size > 0 && clock.nowMs() < endMs) await wait(clock, POLL_MS)
    for (const { transfer } of this.#running) transfer?.cut()
  }

  #serve(response: HttpResponse, call: Call): void {
    const asked: Asked = { call, response, gone: false, transfer: undefined }
    response.onAborted(() => {
      asked.gone = true
      asked.transfer?.abort()
    })
    if (call.method === 'OPTIONS') this.#answer(asked, { status: '204 No Content', body: '' })
    else if (call.method !== 'GET' && call.method !== 'HEAD') this.#answer(asked, REFUSED.method)
    else {
      this.#running.add(asked)
      this.#give(asked)
        .catch((thrown: unknown) => {
          const refused = refusalOf(thrown)
          if (refused === REFUSED.internal) this.#options.logger.error({ error: errorText(thrown) }, 'a download failed')
          this.#answer(asked, refused)
        })
        .finally(() => this.#running.delete(asked))
    }
  }

  async #give(asked: Asked): Promise<void> {
    const held = await this.#options.desk.admit(asked.call)
    if (!('release' in held)) return this.#answer(asked, held)
    try {
      const file = await openBelow(held.root, held.path)
      try {
        await this.#send(asked, held.name, file)
      } finally {
        await file.handle.close()
      }
    } finally {
      held.release()
    }
  }

  async #send(asked: Asked, name: string, file: OpenFile): Promise<void> {
    const { call } = asked
    const headers = { ...fileHeaders(name, file), ...PRIVATE }
    if (isUnchanged(call.headers, file)) return this.#answer(asked, { status: '304 Not Modified', body: '', headers })
    const wanted = rangeHolds(call.headers, file) ? spanOf(call.headers.get('range'), file.sizeBytes) : undefined
    if (wanted === 'unsatisfiable') {
      const range = { 'Content-Range': `bytes */${file.sizeBytes}` }
      return this.#answer(asked, { status: '416 Range Not Satisfiable', body: '', headers: range })
    }
    const span = wanted ?? { from: 0, to: file.sizeBytes }
    const status = wanted === undefined ? '200 OK' : '206 Partial Content'
    const partly = wanted && { 'Content-Range': `bytes ${span.from}-${span.to - 1}/${file.sizeBytes}` }
    const all = { ...headers, ...partly, ...corsHeaders(call, this.#options.allowedOrigins) }
    if (call.method === 'HEAD' || span.to === span.from) this.#headOnly(asked, status, all, span)
    else await this.#transfer(asked, status, all, span, file)
  }

  async #transfer(asked: Asked, status: string, headers: Headers, span: Span, file: OpenFile): Promise<void> {
    if (asked.gone) return
    const { clock, desk, slow, logger } = this.#options
    const { response } = asked
    asked.transfer = new Transfer({
      ...{ response, span, clock, slow, handle: file.handle },
      head: () => writeHead(response, status, headers),
      onSent: (bytes) => desk.sent(bytes),
    })
    try {
      await asked.transfer.run()
    } catch (thrown) {
      // Too late for an answer: the connection was cut.
      logger.error({ error: errorText(thrown) }, 'a download broke off')
    }
    asked.gone = true
  }

  #headOnly(asked: Asked, status: string, headers: Headers, span: Span): void {
    if (asked.gone) return
    asked.gone = true
    answerHead(asked.response, status, headers, span.to - span.from)
  }

  #answer(asked: Asked, { status, body, headers }: Refused): void {
    if (asked.gone) return
    asked.gone = true
    const cors = corsHeaders(asked.call, this.#options.allowedOrigins)
    answer(asked.response, asked.call.method, { status, body, headers: { ...PRIVATE, ...headers, ...cors } })
  }
}

type Headers = Readonly<Record<string, string>>
