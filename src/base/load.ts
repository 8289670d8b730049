/**
 * How much this process has to bear, and from when on it gives things up (reliability-security §1.3): stage 1 refuses what is new and
 * costly, stage 2 also lets go of what nobody is known to need.
 */

import type { Clock } from './clock.js'

export type LoadStage = 0 | 1 | 2

export interface LoadSignals {
  /** How late the event loop comes to its turns: the 95th percentile of the last two seconds, milliseconds. */
  readonly loopDelayMs: number
  /** Shares of what there may be, in percent, by name: `memory` and the like. */
  readonly usedPercent: Readonly<Record<string, number>>
}

/** First and second stage. Read anew each time, so they may be getters. */
export interface LoadThresholds {
  readonly enabled: boolean
  readonly loopDelayMs: readonly [number, number]
  readonly usedPercent: readonly [number, number]
}

export interface Load {
  readonly stage: LoadStage
  /** What is too much, for people. */
  readonly reasons: readonly string[]
}

export const NO_LOAD: Load = { stage: 0, reasons: [] }

export function judgeLoad({ loopDelayMs, usedPercent }: LoadSignals, thresholds: LoadThresholds): Load {
  if (!thresholds.enabled) return NO_LOAD
  let stage: LoadStage = 0
  const reasons: string[] = []
  const look = (value: number, [first, second]: readonly [number, number], reason: () => string): void => {
    if (value < first) return
    if (stage < 2) stage = value < second ? 1 : 2
    reasons.push(reason())
  }
  look(loopDelayMs, thresholds.loopDelayMs, () => `the event loop is ${Math.round(loopDelayMs)} ms late`)
  for (const name in usedPercent) {
    const percent = usedPercent[name] ?? 0
    look(percent, thresholds.usedPercent, () => `${Math.round(percent)} % of ${name} is used`)
  }
  return { stage, reasons }
}

/** Samples that count: two seconds of them. */
const SAMPLES = 20

/** How late the last turns came. Allocates nothing once made. */
export class LoopDelay {
  readonly #samples = new Float64Array(SAMPLES)
  readonly #sorted = new Float64Array(SAMPLES)
  #at = 0

  add(lateMs: number): void {
    this.#samples[this.#at] = Math.max(0, lateMs)
    this.#at = (this.#at + 1) % SAMPLES
  }

  /** `share` of the samples were no later, 0 … 1; milliseconds. */
  quantileMs(share: number): number {
    this.#sorted.set(this.#samples)
    this.#sorted.sort()
    return this.#sorted[Math.max(0, Math.ceil(share * SAMPLES) - 1)] ?? 0
  }
}

/** Of its time; a loop that does less comes late for nobody. */
const BUSY_SHARE = 0.05

/** Milliseconds since the start. */
export interface LoopTimes {
  readonly active: number
  readonly idle: number
}

/** Whether the event loop of this thread was busy since it was asked last. */
export function loopActivity(look: () => LoopTimes = () => performance.eventLoopUtilization()): () => boolean {
  let before = look()
  return () => {
    const now = look()
    const active = now.active - before.active
    const all = active + now.idle - before.idle
    before = now
    return active > all * BUSY_SHARE
  }
}

export interface LoadWatchOptions {
  readonly thresholds: LoadThresholds
  /** Read at each sample; cheap. */
  readonly usedPercent: () => LoadSignals['usedPercent']
  /** The loop has much to do: else it is looked at once a second, so that an idle process sleeps. Asked at each sample. */
  readonly busy: () => boolean
  /** Another stage. */
  readonly onChange: (load: Load) => void
  readonly clock: Clock
}

const SAMPLE_MS = 100
const IDLE_MS = 1_000
/** A stage is left when so many samples in a row were below it, or it would come and go with each request that it lets in. */
const CALM_SAMPLES = 10

export class LoadWatch {
  readonly #options: LoadWatchOptions
  readonly #delay = new LoopDelay()
  #load = NO_LOAD
  #calm = 0
  #wasLate = false
  #dueMs = 0
  #cancel: () => void = () => undefined

  constructor(options: LoadWatchOptions) {
    this.#options = options
  }

  get load(): Load {
    return this.#load
  }

  /** As `LoopDelay.quantileMs`. */
  delayMs(share: number): number {
    return this.#delay.quantileMs(share)
  }

  start(): void {
    this.#arm()
  }

  stop(): void {
    this.#cancel()
  }

  #arm(): void {
    const { clock, busy } = this.#options
    const delayMs = busy() || this.#load.stage > 0 || this.#wasLate ? SAMPLE_MS : IDLE_MS
    this.#dueMs = clock.nowMs() + delayMs
    this.#cancel = clock.after(delayMs, () => this.#sample())
  }

  #sample(): void {
    const { clock, thresholds, usedPercent, onChange } = this.#options
    const lateMs = clock.nowMs() - this.#dueMs
    this.#wasLate = lateMs >= thresholds.loopDelayMs[0]
    this.#delay.add(lateMs)
    const now = judgeLoad({ loopDelayMs: this.#delay.quantileMs(0.95), usedPercent: usedPercent() }, thresholds)
    this.#calm = now.stage < this.#load.stage ? this.#calm + 1 : 0
    if (now.stage > this.#load.stage || this.#calm >= CALM_SAMPLES) {
      this.#load = now
      this.#calm = 0
      onChange(now)
    } else if (now.stage === this.#load.stage) {
      // What is told of it are the reasons of now.
      this.#load = now
    }
    this.#arm()
  }
}
