/** Failures of one camera: the last one, for its status, its viewers and those who ask for frames; and how many of each kind. */

import type { Clock } from '../../base/clock.js'
import { type FaultCount, FaultCounts } from '../../base/fault-counts.js'
import type { CaptureInfo, NativeErrorCode } from '../../native/index.js'
import type { Fault } from './capture-fault.js'
import type { CaptureFault } from './capture-types.js'

/** As the core asks for; it goes on with fewer when the kernel has no memory for them. */
const WANTED_BUFFERS = 4

export class CaptureFailures {
  readonly #clock: Clock
  readonly #counts: FaultCounts
  #last: Fault | undefined
  /** Monotonic. */
  #atMs = 0
  /** Frames did not come since. */
  #troubled = false
  #owner: string | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#counts = new FaultCounts(clock)
  }

  get last(): Fault | undefined {
    return this.#last
  }

  /** Why no frames come; undefined when nothing failed since they came last. */
  get code(): NativeErrorCode | undefined {
    return this.#troubled ? this.#last?.code : undefined
  }

  /** Who holds the busy camera, as far as it is known. */
  get owner(): string | undefined {
    return this.#troubled ? this.#owner : undefined
  }

  /** `neighbours`: other cameras on the same bus. */
  note(fault: Fault, neighbours: readonly string[]): void {
    const message = neighbours.length === 0 ? fault.message : `${fault.message}; also on it: ${neighbours.join(', ')}`
    this.#counts.count(fault.code, message)
    this.#last = { ...fault, message }
    this.#atMs = this.#clock.nowMs()
    this.#troubled = true
    this.#owner = undefined
  }

  /** The camera went while it was open. Its absence is a state of its own and no failure of the capture. */
  gone(): void {
    this.#counts.count('CAMERA_GONE', 'the camera was unplugged')
  }

  /** A device streams, perhaps with less room for delays than it should have. */
  started({ buffers }: Pick<CaptureInfo, 'buffers'>): void {
    if (buffers < WANTED_BUFFERS) this.#counts.count('FEW_BUFFERS', `memory is scarce: the stream runs with ${buffers} buffers`)
  }

  /** By code, since the service started. */
  get counts(): readonly FaultCount[] {
    return this.#counts.list()
  }

  /** Undefined: it cannot be seen who it is. */
  noteOwner(owner: string | undefined): void {
    if (this.#last === undefined) return
    this.#owner = owner
    const message =
      owner === undefined
        ? 'another program holds the camera; its name cannot be seen by this user'
        : `another program holds the camera: ${owner}`
    this.#last = { ...this.#last, message }
    this.#counts.amend(this.#last.code, message)
  }

  /** Frames came. */
  over(): void {
    this.#troubled = false
  }

  /** With the wall clock's time of now minus the age: a date that was set meanwhile changes nothing. */
  view(): CaptureFault | undefined {
    if (this.#last === undefined) return undefined
    const ageMs = this.#clock.nowMs() - this.#atMs
    return { ...this.#last, at: Math.round(this.#clock.wallMs() - ageMs) }
  }
}
