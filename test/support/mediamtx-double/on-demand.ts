/**
 * The on-demand machine of one path (`spec/mediamtx.md` §5.4), its sharp edges included: the command starts only while nothing is
 * published, its own end means nothing, and a publisher that died during demand may leave readers held without a limit.
 */

export interface OnDemandOptions {
  readonly startTimeoutMs: () => number
  readonly closeAfterMs: () => number
  readonly readers: () => number
  readonly startCommand: () => void
  readonly stopCommand: () => void
}

/** `idle`: no command. `waiting`: it runs, nothing is published yet. `ready`: published. `closing`: nobody reads. */
type State = 'idle' | 'waiting' | 'ready' | 'closing'

interface Held {
  readonly serve: () => void
  readonly refuse: (reason: string) => void
}

export class OnDemand {
  readonly #options: OnDemandOptions
  readonly #held = new Set<Held>()
  #state: State = 'idle'
  #timer: NodeJS.Timeout | undefined

  constructor(options: OnDemandOptions) {
    this.#options = options
  }

  get held(): number {
    return this.#held.size
  }

  /** A reader comes to a path that nobody publishes: resolves when it is served, rejects when the start timeout is over. */
  hold(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#held.add({ serve: resolve, refuse: (reason) => reject(new Error(reason)) })
      // While it closes, readers are only queued: neither the command nor a timer is started.
      if (this.#state !== 'idle') return
      this.#state = 'waiting'
      this.#options.startCommand()
      this.#arm(this.#options.startTimeoutMs(), () => this.#giveUp())
    })
  }

  published(): void {
    if (this.#state !== 'idle') this.#become(this.#options.readers() + this.#held.size > 0 ? 'ready' : 'closing')
    for (const { serve } of this.#held) serve()
    this.#held.clear()
  }

  /** Readers came or went, or the publisher went, and its readers with it. */
  changed(): void {
    if (this.#state === 'ready' && this.#options.readers() === 0) this.#become('closing')
    else if (this.#state === 'closing' && this.#options.readers() > 0) this.#become('ready')
  }

  /** The close time is over. */
  close(): void {
    this.#disarm()
    if (this.#state === 'idle') return
    this.#state = 'idle'
    // Who is held stays held, although the command is told that demand has ended.
    this.#options.stopCommand()
  }

  /** The path is deleted, made anew, or the server is gone. */
  destroy(): void {
    this.close()
    this.#refuse('terminated')
  }

  #giveUp(): void {
    this.#state = 'idle'
    this.#options.stopCommand()
    this.#refuse('source of path has timed out')
  }

  #become(state: 'ready' | 'closing'): void {
    this.#state = state
    if (state === 'ready') this.#disarm()
    else this.#arm(this.#options.closeAfterMs(), () => this.close())
  }

  #refuse(reason: string): void {
    for (const { refuse } of this.#held) refuse(reason)
    this.#held.clear()
  }

  #arm(delayMs: number, task: () => void): void {
    this.#disarm()
    this.#timer = setTimeout(task, delayMs)
  }

  #disarm(): void {
    clearTimeout(this.#timer)
  }
}
