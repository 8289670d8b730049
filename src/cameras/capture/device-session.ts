/**
 * The open device of one camera as the core runs it: one start at a time. Answers and events of earlier starts are told apart by
 * number and never reach the state machine.
 */

import type { Clock } from '../../base/clock.js'
import { errorText } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { CaptureInfo, CaptureRequest, Core, NativeEvent } from '../../native/index.js'
import type { Camera } from '../types.js'
import { type Fault, faultOf, faultOfDevice } from './capture-fault.js'
import { HangWatch } from './hang-watch.js'

export type CaptureEvent = Extract<NativeEvent, { readonly type: 'capture' }>

export interface SessionListener {
  /** The device streams. */
  started(info: CaptureInfo): void
  /** Its first good frame came. */
  delivering(): void
  stalled(): void
  recovered(): void
  /** The device could not be opened or its stream ended; it is closed. `thrown` is what a start failed with. */
  failed(fault: Fault, thrown?: unknown): void
}

export interface DeviceSessionOptions {
  readonly core: Pick<Core, 'startCapture' | 'stopCapture' | 'captureStats'>
  readonly clock: Clock
  readonly logger: Logger
  /** Done before each start, as far as it is done in time. */
  readonly beforeStart?: ((camera: Camera) => Promise<void>) | undefined
  readonly listener: SessionListener
}

/** Longest wait for `beforeStart`. */
const BEFORE_START_MS = 3_000

export class DeviceSession {
  readonly #options: DeviceSessionOptions
  readonly #hang: HangWatch
  #source: string | undefined
  /** Of the try under way; answers of earlier ones have another. */
  #try = 0
  #info: CaptureInfo | undefined
  /** Events that came before the start's own answer. */
  #early: CaptureEvent[] = []

  constructor(options: DeviceSessionOptions) {
    this.#options = options
    const { clock, core, listener } = options
    this.#hang = new HangWatch({
      clock,
      frames: () => (this.#source === undefined ? undefined : core.captureStats(this.#source)?.frames),
      delivering: () => listener.delivering(),
      stalled: () => listener.stalled(),
      recovered: () => listener.recovered(),
      hung: () => this.#hung(),
    })
  }

  /** What the device streams; undefined until it does. */
  get info(): CaptureInfo | undefined {
    return this.#info
  }

  /** Opens the camera, changes the mode of the open one, or opens that anew. */
  open(camera: Camera, source: string, request: CaptureRequest): void {
    this.#forget()
    this.#source = source
    const attempt = this.#try
    this.#start(camera, source, request, attempt).then(
      (info) => {
        if (attempt === this.#try && info !== undefined) this.#started(info)
      },
      (thrown: unknown) => {
        if (attempt === this.#try) this.#end(faultOf(thrown), thrown)
      },
    )
  }

  close(): void {
    const source = this.#source
    this.#forget()
    if (source === undefined) return
    this.#options.core.stopCapture(source).catch((thrown: unknown) => {
      this.#options.logger.warn({ error: errorText(thrown) }, 'capture did not stop in time')
    })
  }

  /** The device is closed already, or gone. */
  abandon(): void {
    this.#forget()
  }

  handle(event: CaptureEvent): void {
    if (event.source !== this.#source) return
    if (this.#info === undefined) this.#early.push(event)
    else if (event.session === this.#info.session) this.#heard(event)
  }

  /** Events may have been lost: a capture that does not run any more has failed. */
  lookAnew(): void {
    if (this.#source === undefined || this.#info === undefined) return
    if (this.#options.core.captureStats(this.#source)?.running !== true) this.#end(faultOfDevice(undefined))
  }

  async #start(camera: Camera, source: string, request: CaptureRequest, attempt: number): Promise<CaptureInfo | undefined> {
    const { core, beforeStart } = this.#options
    if (beforeStart !== undefined) await this.#before(beforeStart(camera))
    return attempt === this.#try ? core.startCapture(source, request) : undefined
  }

  async #before(preparation: Promise<void>): Promise<void> {
    const { clock, logger } = this.#options
    let cancel: (() => void) | undefined
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(BEFORE_START_MS, resolve)
    })
    const done = preparation.catch((thrown: unknown) => {
      logger.warn({ error: errorText(thrown) }, 'the camera was not prepared; the capture starts all the same')
    })
    await Promise.race([done, late])
    cancel?.()
  }

  #started(info: CaptureInfo): void {
    this.#info = info
    this.#hang.start((1000 * info.interval.num) / info.interval.den || 0)
    const early = this.#early
    this.#early = []
    this.#options.listener.started(info)
    for (const event of early) this.handle(event)
  }

  #heard({ state, fault }: CaptureEvent): void {
    const { listener } = this.#options
    if (state === 'delivering') listener.delivering()
    else if (state === 'stalled') listener.stalled()
    else if (state === 'restarted') listener.recovered()
    else if (state === 'failed') this.#end(faultOfDevice(fault))
  }

  /** The core writes the thread off; a new start is refused until the kernel lets go of it. */
  #hung(): void {
    const { listener } = this.#options
    this.close()
    listener.failed({ code: 'STALLED', errno: 0, message: 'the camera hangs in a call of its driver' })
  }

  #end(fault: Fault, thrown?: unknown): void {
    this.#forget()
    this.#options.listener.failed(fault, thrown)
  }

  #forget(): void {
    this.#try += 1
    this.#source = undefined
    this.#info = undefined
    this.#early = []
    this.#hang.stop()
  }
}
