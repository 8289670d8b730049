/** What goes on until it is stopped. */

export abstract class Ongoing {
  #abort: AbortController | undefined

  /** Begins anew when it goes on already. */
  start(): void {
    this.stop()
    const abort = new AbortController()
    this.#abort = abort
    void this.run(abort.signal)
  }

  stop(): void {
    this.#abort?.abort()
    this.#abort = undefined
  }

  /** Never rejects; nothing is told once `signal` is aborted. */
  protected abstract run(signal: AbortSignal): Promise<void>
}
