/** The one address of the face over time: opened, moved without a moment in between where that can be, closed. */

import type { Logger } from '../../base/logger.js'
import { Listener, type ListenerOptions } from './listener.js'

export interface Address {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

/** A new address that listens already. */
export interface Move {
  /** The old address is given up; connections made there go on. */
  commit(): Promise<void>
  /** Back to the old one. */
  undo(): Promise<void>
}

export class Listeners {
  readonly #options: Omit<ListenerOptions, keyof Address>
  readonly #logger: Logger
  #current: Listener | undefined
  /** During a move two of them. */
  readonly #accepting = new Set<Listener>()
  /** Given up, with connections that may go on. */
  #former: Listener[] = []
  #isClosed = false

  constructor(options: Omit<ListenerOptions, keyof Address>, logger: Logger) {
    this.#options = options
    this.#logger = logger
  }

  /** 0 before the start. */
  get port(): number {
    return this.#current?.port ?? 0
  }

  /** Rejects with one line that names the address, who holds it, and what to do. */
  async open(address: Address): Promise<void> {
    this.#current = await this.#listen(address)
  }

  /** Rejects as `open` does, and everything is as it was. */
  async prepare(address: Address): Promise<Move> {
    const old = this.#current
    if (old === undefined || (old.host === address.host && old.port === address.port)) return NO_MOVE
    // The same port on overlapping addresses cannot be had twice; only then is there a moment without.
    const first = address.port !== 0 && address.port === old.port ? this.#giveUp(old) : undefined
    await first
    try {
      const next = await this.#listen(address)
      this.#current = next
      return {
        commit: () => this.#giveUp(old),
        undo: async () => {
          await this.#giveUp(next)
          this.#current = first === undefined ? old : await this.#listen({ host: old.host, port: address.port })
        },
      }
    } catch (thrown) {
      if (first !== undefined) this.#current = await this.#listen({ host: old.host, port: address.port })
      throw thrown
    }
  }

  /** Accepts nothing any more; a move under way is refused. */
  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#accepting].map((listener) => this.#giveUp(listener)))
  }

  get isBusy(): boolean {
    return this.#former.some((listener) => listener.isBusy)
  }

  /** After `close`: cuts the connections that are left. */
  cut(): void {
    for (const listener of this.#former) listener.cut()
  }

  async #listen({ host, port }: Address): Promise<Listener> {
    const listener = new Listener({ ...this.#options, host, port })
    if (!this.#isClosed) await listener.listen()
    if (this.#isClosed) {
      await listener.stopAccepting()
      throw new Error('the camera face is being closed')
    }
    this.#accepting.add(listener)
    this.#logger.info({ host, port: listener.port }, 'listening')
    return listener
  }

  async #giveUp(listener: Listener): Promise<void> {
    this.#accepting.delete(listener)
    this.#former = [...this.#former.filter((other) => other.isBusy && other !== listener), listener]
    await listener.stopAccepting()
  }
}

const NO_MOVE: Move = { commit: async () => undefined, undo: async () => undefined }
