/** Which paths MediaMTX should have: one per camera that is there, or was a moment ago. */

import type { Clock } from '../../base/clock.js'
import type { CameraFeeds } from '../publish/feeds.js'
import type { PathBody } from './body.js'

export interface DesiredPathsOptions {
  readonly feeds: Pick<CameraFeeds, 'list'>
  readonly clock: Clock
  /** The set changed by time alone. */
  readonly onChange: () => void
}

/** A camera that just left keeps its path this long: flapping drops no reader. Also the time to learn of all cameras. */
const KEEP_MS = 10_000

export class DesiredPaths {
  readonly #options: DesiredPathsOptions
  /** Cameras that left, with what cancels the end of their time. */
  readonly #leaving = new Map<string, () => void>()
  #known = new Set<string>()
  #whole = false
  #cancelStart: () => void = () => undefined

  constructor(options: DesiredPathsOptions) {
    this.#options = options
  }

  /** False while there may be cameras that we have not met yet: nothing is removed before. */
  get whole(): boolean {
    return this.#whole
  }

  start(): void {
    this.#cancelStart = this.#options.clock.after(KEEP_MS, () => {
      this.#whole = true
      this.#options.onChange()
    })
  }

  stop(): void {
    this.#cancelStart()
    for (const cancel of this.#leaving.values()) cancel()
    this.#leaving.clear()
  }

  /** Cameras that are there. */
  present(): string[] {
    return this.#options.feeds.list().map((camera) => camera.device)
  }

  /** Whether cameras came or went since the last call. */
  camerasChanged(): boolean {
    const present = new Set(this.present())
    if (present.size === this.#known.size && [...present].every((device) => this.#known.has(device))) return false
    for (const device of present) {
      this.#leaving.get(device)?.()
      this.#leaving.delete(device)
    }
    for (const device of this.#known) if (!present.has(device)) this.#leave(device)
    this.#known = present
    return true
  }

  /** All of one body: what differs between cameras is not in the path. */
  bodies(body: PathBody): ReadonlyMap<string, PathBody> {
    return new Map([...this.present(), ...this.#leaving.keys()].map((device) => [device, body]))
  }

  #leave(device: string): void {
    const end = this.#options.clock.after(KEEP_MS, () => {
      this.#leaving.delete(device)
      this.#options.onChange()
    })
    this.#leaving.set(device, end)
  }
}
