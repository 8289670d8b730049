/** The listeners of one web server: closed while file descriptors run out, and there again when some are free. Who is in stays. */

import type { Clock } from '../base/clock.js'
import { DescriptorGuard } from '../base/descriptor-guard.js'
import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'
import { type ListenSocket, loadUws } from './uws.js'

export interface DoorOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** File descriptors that are left to everything else. */
  readonly reserved: number
  /** Listens, and hands over each socket that it got. Rejects with ListenError. */
  readonly listen: (add: (listening: ListenSocket) => void) => Promise<void>
}

/** Another process may have taken the port while nobody listened on it. */
const LISTEN_AGAIN_MS = 1_000

export class Door {
  readonly #options: DoorOptions
  readonly #guard: DescriptorGuard
  #listening: ListenSocket[] = []
  #isShut = true
  #isOver = false
  #cancel: () => void = () => undefined

  constructor(options: DoorOptions) {
    const { clock, reserved } = options
    this.#options = options
    this.#guard = new DescriptorGuard({ clock, reserved, onChange: (isFull) => this.#changed(isFull) })
  }

  /** Rejects with ListenError. */
  async open(): Promise<void> {
    await this.#listen()
    await this.#guard.start()
  }

  /** A socket came (1) or went (-1). */
  socket(change: number): void {
    this.#guard.socket(change)
  }

  /** For good. Twice does no harm. */
  close(): void {
    this.#isOver = true
    this.#guard.stop()
    this.#shut()
  }

  #changed(isFull: boolean): void {
    if (this.#isOver) return
    if (isFull) {
      this.#shut()
      this.#options.logger.error({}, 'file descriptors run out: nobody new is let in (raise the limit: LimitNOFILE, ulimit -n)')
    } else void this.#listenAgain()
  }

  #listen(): Promise<void> {
    this.#isShut = false
    return this.#options.listen((listening) => {
      // Meanwhile nobody may be wanted any more.
      if (this.#isShut) loadUws().us_listen_socket_close(listening)
      else this.#listening.push(listening)
    })
  }

  /** Tries until it works; that it does not is told once. Never rejects. */
  async #listenAgain(isTold = false): Promise<void> {
    const { clock, logger } = this.#options
    try {
      await this.#listen()
      logger.info({}, 'file descriptors are free again')
    } catch (thrown) {
      if (!isTold) logger.error({ error: errorText(thrown) }, 'the listener is not back')
      if (!this.#isShut) this.#cancel = clock.after(LISTEN_AGAIN_MS, () => void this.#listenAgain(true))
    }
  }

  #shut(): void {
    this.#isShut = true
    this.#cancel()
    for (const listening of this.#listening.splice(0)) loadUws().us_listen_socket_close(listening)
  }
}
