/** Server-sent events: the state of every camera at once, then each change (usb-camera-server §4.11). */

import type { Socket } from 'node:net'
import type { Identity } from '../../auth/index.js'
import type { Clock } from '../../base/clock.js'
import { atExpiry } from '../access/expiry.js'
import { FAULTS } from '../errors.js'
import type { FaceFaults } from '../faults.js'
import type { FacePorts } from '../ports.js'
import { allCameras } from './facts.js'
import { stateDocument } from './status.js'

/** Advice to browsers: how long to wait before they come again. */
const RETRY_MS = 2_000
/** A reader that leaves so much unread is cut off; it gets all states anew when it comes again. */
const MAX_PENDING_BYTES = 64 * 1024

export interface EventStreamsOptions {
  readonly ports: Pick<FacePorts, 'cameras'>
  readonly faults: FaceFaults
  readonly clock: Clock
  readonly maxStreams: number
  readonly heartbeatMs: number
}

export class EventStreams {
  readonly #options: EventStreamsOptions
  readonly #sockets = new Set<Socket>()
  readonly #ends: readonly (() => void)[]
  /** Last document told of each camera, so that one that says the same again is not told. */
  readonly #told = new Map<string, string>()
  #seq = 0

  constructor(options: EventStreamsOptions) {
    this.#options = options
    this.#ends = [
      options.ports.cameras.onStateChanged((id) => this.#changed(id)),
      options.clock.every(options.heartbeatMs, () => this.#toAll(':\n\n')),
    ]
  }

  get count(): number {
    return this.#sockets.size
  }

  /** Throws 503 when one more would be too many. */
  demandRoom(): void {
    if (this.#sockets.size >= this.#options.maxStreams) throw FAULTS.tooManyRequests()
  }

  /** Owns the socket from here on. `head`: the header block of the answer. */
  add(socket: Socket, head: string, identity: Identity | undefined): void {
    this.#sockets.add(socket)
    const cancel = atExpiry(this.#options.clock, identity, () => socket.end())
    socket.once('close', () => {
      this.#sockets.delete(socket)
      cancel()
    })
    const states = allCameras(this.#options.ports).map((name) => this.#event(this.#document(name.id) ?? ''))
    this.#write(socket, `${head}retry: ${RETRY_MS}\n\n${states.join('')}`)
  }

  close(): void {
    for (const end of this.#ends) end()
    for (const socket of this.#sockets) socket.end()
  }

  #changed(id: string): void {
    const document = this.#document(id)
    if (document === undefined || this.#told.get(id) === document) return
    this.#told.set(id, document)
    this.#seq += 1
    this.#toAll(this.#event(document))
  }

  #document(id: string): string | undefined {
    const { cameras } = this.#options.ports
    const name = cameras.find(id)
    return name === undefined ? undefined : JSON.stringify(stateDocument({ name, status: cameras.status(id) }))
  }

  /** The id counts changes; a client that comes with an old one misses nothing, since it gets all states. */
  #event(document: string): string {
    return `event: camera_state\nid: ${this.#seq}\ndata: ${document}\n\n`
  }

  #toAll(text: string): void {
    for (const socket of this.#sockets) this.#write(socket, text)
  }

  #write(socket: Socket, text: string): void {
    if (socket.writableLength <= MAX_PENDING_BYTES) {
      socket.write(text)
      return
    }
    this.#options.faults.count(
      'events',
      'SLOW_READER',
      `${socket.remoteAddress ?? 'a reader'} left ${socket.writableLength} bytes unread`,
    )
    this.#sockets.delete(socket)
    socket.destroy()
  }
}
