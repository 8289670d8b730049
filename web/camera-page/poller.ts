/** Asks for the status every two seconds, and says when the service is away. */

import { askJson, Refused } from './api.js'
import { Ongoing } from './ongoing.js'
import { wait } from './wait.js'
import { type Status, statusOf } from './wire.js'

export interface PollerPorts {
  /** Undefined: the default camera. */
  camera(): string | undefined
  onStatus(status: Status, tookMs: number): void
  /** Neither the service nor what it refused: it is away. */
  onAway(): void
  onRefused(refused: Refused): void
}

const EVERY_MS = 2_000
const TIMEOUT_MS = 5_000

export class Poller extends Ongoing {
  readonly #ports: PollerPorts

  constructor(ports: PollerPorts) {
    super()
    this.#ports = ports
  }

  protected async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#once(signal)
      await wait(EVERY_MS, signal)
    }
  }

  async #once(signal: AbortSignal): Promise<void> {
    const camera = this.#ports.camera()
    const path = camera === undefined ? 'status' : `status?${new URLSearchParams({ camera })}`
    const beganMs = performance.now()
    try {
      const status = statusOf(await askJson(path, { signal, timeoutMs: TIMEOUT_MS }))
      if (!signal.aborted) this.#ports.onStatus(status, performance.now() - beganMs)
    } catch (thrown) {
      if (signal.aborted) return
      if (thrown instanceof Refused) this.#ports.onRefused(thrown)
      else this.#ports.onAway()
    }
  }
}
