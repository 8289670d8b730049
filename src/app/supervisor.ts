/** What a supervisor such as systemd is told of the service (sd_notify): that it is ready, reloads, goes on, stops. */

import type { Clock } from '../base/clock.js'
import { errorText } from '../base/errors.js'
import type { Logger } from '../base/logger.js'

export interface SupervisorOptions {
  /** NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID are read. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly pid: number
  /** Throws when nobody takes the message. */
  readonly send: (address: string, message: string) => void
  /** One line on how the service is. */
  readonly status: () => string
  /** What makes no progress, for people; undefined: all goes on. */
  readonly stuck: () => string | undefined
  readonly clock: Clock
  readonly logger: Logger
}

/** The status is told so often when no watchdog asks for more. */
const STATUS_MS = 5_000
const US_PER_MS = 1_000

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #address: string | undefined
  #feeds = 0
  #stop: () => void = () => undefined
  #told = ''
  /** Told once, until it is over. */
  #stuck: string | undefined
  #hasFailed = false
  /** Whatever else ends late: after STOPPING nothing is ready any more. */
  #isStopping = false

  constructor(options: SupervisorOptions) {
    this.#options = options
    const { NOTIFY_SOCKET: address } = options.env
    this.#address = address === undefined || address === '' ? undefined : address
  }

  /** How often the watchdog was told that the service goes on. */
  get feeds(): number {
    return this.#feeds
  }

  /** The service answers. From now on the watchdog is fed, from the main loop, as long as everything makes progress. */
  ready(): void {
    if (this.#isStopping) return
    this.#told = this.#options.status()
    this.#send(`READY=1\nSTATUS=${this.#told}`)
    if (this.#address === undefined) return
    const watchdogMs = this.#watchdogMs()
    this.#stop = this.#options.clock.every(watchdogMs === undefined ? STATUS_MS : watchdogMs / 2, () => {
      this.#tellStatus()
      if (watchdogMs !== undefined) this.#feed()
    })
  }

  /** A reload begins; the function returned ends it. */
  reloading(): () => void {
    if (this.#isStopping) return () => undefined
    this.#send(`RELOADING=1\nMONOTONIC_USEC=${Math.round(Number(process.hrtime.bigint() / 1000n))}`)
    return () => {
      if (!this.#isStopping) this.#send(`READY=1\nSTATUS=${this.#options.status()}`)
    }
  }

  /** The end begins. The watchdog is fed until `end`, since a drain may last longer than it waits. */
  stopping(): void {
    this.#isStopping = true
    this.#send('STOPPING=1\nSTATUS=stopping')
  }

  end(): void {
    this.#stop()
  }

  #tellStatus(): void {
    if (this.#isStopping) return
    const status = this.#options.status()
    if (status === this.#told) return
    this.#told = status
    this.#send(`STATUS=${status}`)
  }

  #feed(): void {
    const stuck = this.#options.stuck()
    if (stuck !== this.#stuck) {
      if (stuck === undefined) this.#options.logger.info({}, 'everything makes progress again')
      else this.#options.logger.error({ stuck }, 'the watchdog is not fed: something makes no progress')
      this.#stuck = stuck
    }
    if (stuck !== undefined) return
    this.#feeds += 1
    this.#send('WATCHDOG=1')
  }

  /** Undefined when there is none, or it is for another process. */
  #watchdogMs(): number | undefined {
    const { WATCHDOG_USEC: usec, WATCHDOG_PID: pid } = this.#options.env
    if (usec === undefined || !/^[1-9]\d*$/.test(usec)) return undefined
    if (pid !== undefined && pid !== String(this.#options.pid)) return undefined
    return Number(usec) / US_PER_MS
  }

  #send(message: string): void {
    if (this.#address === undefined) return
    try {
      this.#options.send(this.#address, message)
      this.#hasFailed = false
    } catch (thrown) {
      if (!this.#hasFailed) this.#options.logger.warn({ error: errorText(thrown) }, 'the supervisor cannot be told anything')
      this.#hasFailed = true
    }
  }
}
