/**
 * Notices a capture whose thread hangs in the kernel: such a one tells neither that frames stopped nor that it ended. What it has done
 * is looked at from here, which also finds what it told and nobody heard, when too many events came at once. Looks are counted, not time,
 * so that a process that was halted itself takes nobody for hung.
 */

import type { Clock } from '../../base/clock.js'

export interface HangWatchOptions {
  readonly clock: Clock
  /** Good frames so far; undefined when nothing runs. */
  readonly frames: () => number | undefined
  /** Good frames came since the start. Once. */
  readonly delivering: () => void
  /** Frames stopped, and the capture itself did not say so; they came again after a pause. */
  readonly stalled: () => void
  readonly recovered: () => void
  /** No frame for longer than the capture's own cures take. Once; the watch is over then. */
  readonly hung: () => void
}

const LOOK_MS = 1_000
/** A living capture says after 2 s that frames stopped, */
const STALLED_LOOKS = 4
/** A pause in which it may have said so. */
const PAUSE_LOOKS = 2
/** and after two waits for a first frame of 5 s each that it failed. */
const HUNG_LOOKS = 15
/** Both wait for so many frames at least. */
const INTERVALS = 5

export class HangWatch {
  readonly #options: HangWatchOptions
  #cancel: (() => void) | undefined
  #frames: number | undefined
  /** In a row without a new frame. */
  #idleLooks = 0
  #delivered = false
  #told = false

  constructor(options: HangWatchOptions) {
    this.#options = options
  }

  /** `intervalMs`: between two frames. */
  start(intervalMs: number): void {
    this.stop()
    const slack = Math.ceil((intervalMs * INTERVALS) / LOOK_MS)
    this.#frames = this.#options.frames()
    this.#idleLooks = 0
    this.#delivered = false
    this.#told = false
    this.#cancel = this.#options.clock.every(LOOK_MS, () => this.#look(slack))
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #look(slack: number): void {
    const { frames: count, delivering, stalled, recovered, hung } = this.#options
    const frames = count()
    if (frames === undefined) return
    if (frames !== this.#frames) {
      const isFirst = !this.#delivered
      const paused = this.#idleLooks >= PAUSE_LOOKS
      this.#frames = frames
      this.#idleLooks = 0
      this.#delivered = true
      this.#told = false
      if (isFirst) delivering()
      else if (paused) recovered()
      return
    }
    this.#idleLooks += 1
    if (this.#idleLooks >= HUNG_LOOKS + slack * 2) {
      this.stop()
      hung()
    } else if (this.#delivered && !this.#told && this.#idleLooks >= STALLED_LOOKS + slack) {
      this.#told = true
      stalled()
    }
  }
}
