/** Sends a part of a file: one piece on its way and one being read, however slow the client or large the file. */

import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../../base/clock.js'
import type { HttpResponse } from '../uws.js'
import type { Span } from './range.js'

export interface TransferOptions {
  readonly response: HttpResponse
  readonly handle: FileHandle
  readonly span: Span
  /** Status and headers; called once, right before the first bytes. */
  readonly head: () => void
  readonly clock: Clock
  readonly slow: SlowRule
  /** Bytes that the kernel has taken. */
  readonly onSent?: (bytes: number) => void
}

/** Who takes less than `bytes` within `withinMs` is cut. */
export interface SlowRule {
  readonly bytes: number
  readonly withinMs: number
}

/** Two of these are the 256 KiB that a download may hold. */
const PIECE_BYTES = 128 * 1024
const TICK_MS = 1_000
/** The library cuts whoever takes nothing for 10 s; told to go on before that, it counts anew. */
const NUDGE_TICKS = 4

export class Transfer {
  readonly #options: TransferOptions
  readonly #buffers: readonly [Buffer, Buffer]
  /** Byte of the file that the piece on its way begins with. */
  #at: number
  #piece: Buffer = Buffer.alloc(0)
  #resume: (() => void) | undefined
  #ended = false
  #headed = false
  #cancelTick: () => void = () => undefined
  #sent = 0
  #mark = { sent: 0, atMs: 0 }
  #ticks = 0

  constructor(options: TransferOptions) {
    this.#options = options
    this.#at = options.span.from
    const bytes = Math.min(PIECE_BYTES, options.span.to - options.span.from)
    this.#buffers = [Buffer.allocUnsafeSlow(bytes), Buffer.allocUnsafeSlow(bytes)]
  }

  /** The client has gone; the response is not to be touched any more. */
  abort(): void {
    this.#ended = true
    this.#resume?.()
  }

  /** Ends a transfer that the service itself gives up. */
  cut(): void {
    if (this.#ended) return
    this.abort()
    this.#options.response.close()
  }

  /** Resolves when all is sent or the client has gone. Rejects when the file cannot be read; the client sees a cut then. */
  async run(): Promise<void> {
    const { clock, span, response } = this.#options
    this.#mark = { sent: 0, atMs: clock.nowMs() }
    this.#cancelTick = clock.every(TICK_MS, () => this.#tick())
    response.onWritable((offset) => this.#writable(offset))
    let next = this.#read(span.from, 0)
    try {
      for (let turn = 0; !this.#ended; turn += 1) {
        this.#piece = await next
        if (this.#ended) return
        const after = this.#at + this.#piece.length
        // Read while this one is on its way.
        next = this.#read(after, (turn + 1) % 2)
        next.catch(() => undefined)
        if (!this.#push(this.#piece)) {
          await new Promise<void>((resolve) => {
            this.#resume = resolve
          })
          this.#resume = undefined
        }
        this.#at = after
      }
    } catch (thrown) {
      this.cut()
      throw thrown
    } finally {
      this.#ended = true
      this.#cancelTick()
      // Its buffer must not be freed, nor the file closed, below a read under way.
      await next.catch(() => undefined)
    }
  }

  /** Whether all of it went out; otherwise `#writable` sends the rest. */
  #push(bytes: Buffer): boolean {
    const { response, span, head } = this.#options
    let went = false
    response.cork(() => {
      if (!this.#headed) head()
      this.#headed = true
      const [ok, done] = response.tryEnd(bytes, span.to - span.from)
      if (done) this.#ended = true
      went = ok || done
      this.#count(done ? span.to - span.from : response.getWriteOffset())
    })
    return went
  }

  /** `offset` counts the bytes of this response. */
  #writable(offset: number): boolean {
    if (this.#ended) return true
    this.#count(offset)
    const rest = this.#piece.subarray(offset - (this.#at - this.#options.span.from))
    const went = rest.length === 0 || this.#push(rest)
    if (went) this.#resume?.()
    return went
  }

  async #read(position: number, buffer: number): Promise<Buffer> {
    const { handle, span } = this.#options
    const into = this.#buffers[buffer === 0 ? 0 : 1]
    const wanted = Math.min(into.length, span.to - position)
    if (wanted <= 0) return into.subarray(0, 0)
    const { bytesRead } = await handle.read(into, 0, wanted, position)
    // Somebody cut the file; what was promised cannot be kept.
    if (bytesRead === 0) throw new Error('the file has become shorter')
    return into.subarray(0, bytesRead)
  }

  #count(sent: number): void {
    if (sent <= this.#sent) return
    this.#options.onSent?.(sent - this.#sent)
    this.#sent = sent
  }

  #tick(): void {
    const { clock, slow, response } = this.#options
    if (this.#ended) return
    const nowMs = clock.nowMs()
    if (this.#sent - this.#mark.sent >= slow.bytes) this.#mark = { sent: this.#sent, atMs: nowMs }
    else if (nowMs - this.#mark.atMs >= slow.withinMs) {
      this.cut()
      return
    }
    this.#ticks += 1
    if (this.#resume !== undefined && this.#ticks % NUDGE_TICKS === 0) {
      response.pause()
      response.resume()
    }
  }
}
