/**
 * What waits for one slow reader. Up to the soft limit frames go to the socket's own buffer; beyond it they wait here, where
 * they can still be dropped, up to the hard limit. Order is kept, but for a state that a newer one replaces.
 */

/** The part of a socket that is used. */
export interface FrameSink {
  /** 1: all handed over to the kernel; 2: not even kept, since too much waits already. */
  send(payload: string | Uint8Array, binary: boolean): number
  /** Bytes accepted that the kernel has not taken yet. */
  getBufferedAmount(): number
}

export interface OutboundLimits {
  /** From here on frames wait, and requests too. */
  readonly softBytes: number
  /** Beyond it the reader is given up. */
  readonly hardBytes: number
  /** Notifications that may wait. */
  readonly maxNotifications: number
}

interface Waiting {
  readonly payload: string | Uint8Array
  readonly bytes: number
  readonly binary: boolean
  readonly notification: boolean
  readonly key: string | undefined
}

const DROPPED = 2

export class Outbound {
  readonly #sink: FrameSink
  readonly #limits: OutboundLimits
  #queue: Waiting[] = []
  #queuedBytes = 0
  #notifications = 0
  #blocked = false
  #coalesced = 0

  constructor(sink: FrameSink, limits: OutboundLimits) {
    this.#sink = sink
    this.#limits = limits
  }

  /** Whether the kernel has refused bytes that still wait. */
  get blocked(): boolean {
    return this.#blocked
  }

  /** Notifications that a newer one took the place of. */
  get coalesced(): number {
    return this.#coalesced
  }

  /** Bytes that wait here and in the socket's buffer. */
  get pendingBytes(): number {
    return this.#blocked ? this.#queuedBytes + this.#sink.getBufferedAmount() : 0
  }

  /** Whether so much waits that no more requests should be read. */
  get congested(): boolean {
    return this.#blocked && this.pendingBytes > this.#limits.softBytes
  }

  /** Sends or queues. False: a limit is passed and the reader is to be given up. */
  push(payload: string | Uint8Array, binary: boolean, notification: boolean, key: string | undefined): boolean {
    if (!this.#blocked) {
      const taken = this.#sink.send(payload, binary)
      if (taken !== 1) this.#blocked = true
      return taken !== DROPPED
    }
    if (this.#queue.length === 0 && this.#sink.getBufferedAmount() < this.#limits.softBytes) {
      return this.#sink.send(payload, binary) !== DROPPED
    }
    if (key !== undefined) this.#replace(key)
    const bytes = Buffer.byteLength(payload)
    // The bytes of a reply are only lent; those of a notification are shared by all who get it.
    const kept = notification || typeof payload === 'string' ? payload : payload.slice()
    this.#queue.push({ payload: kept, bytes, binary, notification, key })
    this.#queuedBytes += bytes
    if (notification) this.#notifications += 1
    return this.#notifications <= this.#limits.maxNotifications && this.pendingBytes <= this.#limits.hardBytes
  }

  /** The socket's buffer has shrunk: hands over what may go now. */
  drained(): void {
    let sent = 0
    while (sent < this.#queue.length && this.#sink.getBufferedAmount() < this.#limits.softBytes) {
      const waiting = this.#queue[sent]
      sent += 1
      if (waiting === undefined) continue
      this.#uncount(waiting)
      this.#sink.send(waiting.payload, waiting.binary)
    }
    this.#queue.splice(0, sent)
    this.#blocked = this.#queue.length > 0 || this.#sink.getBufferedAmount() > 0
  }

  /** Sees what waits without having come through here: the library answers pings by itself. */
  look(): void {
    if (this.#sink.getBufferedAmount() > 0) this.#blocked = true
  }

  /** Drops what waits here. */
  clear(): void {
    this.#queue = []
    this.#queuedBytes = 0
    this.#notifications = 0
  }

  #replace(key: string): void {
    const index = this.#queue.findIndex((waiting) => waiting.key === key)
    for (const older of index < 0 ? [] : this.#queue.splice(index, 1)) {
      this.#uncount(older)
      this.#coalesced += 1
    }
  }

  #uncount(waiting: Waiting): void {
    this.#queuedBytes -= waiting.bytes
    if (waiting.notification) this.#notifications -= 1
  }
}
