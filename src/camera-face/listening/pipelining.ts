/** Requests that a client sends without waiting for the answers: a few wait their turn, a flood of them ends its connection. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export class Pipelining {
  readonly #max: number
  readonly #waiting = new WeakMap<Socket, number>()

  /** `max`: unanswered requests on one connection. */
  constructor(max: number) {
    this.#max = max
  }

  /** Counts a request until its answer is out. False for one too many: its connection is cut off. */
  admit({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const waiting = (this.#waiting.get(socket) ?? 0) + 1
    this.#waiting.set(socket, waiting)
    if (waiting > this.#max) {
      // All that is left in the packets read so far comes here too, and each waiting request costs a hundred times its bytes.
      socket.destroy()
      return false
    }
    response.once('close', () => this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1))
    return true
  }
}
