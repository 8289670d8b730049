/** Which paths MediaMTX should have: one per camera that is there, or was a moment ago, and one per stream it shall fetch. */

import type { Clock } from '../../base/clock.js'
import type { CameraFeeds } from '../publish/feeds.js'
import { cameraBody, type PathBody, type PathBodyOptions, recordedBody, sourceBody } from './body.js'
import type { RecordingWish, SourceWish } from './wishes.js'

export interface DesiredPathsOptions {
  readonly feeds: Pick<CameraFeeds, 'list'>
  readonly clock: Clock
  /** A camera that just left keeps its path this long: flapping drops no reader. */
  readonly absentKeepMs: number
  /** The set changed by time alone. */
  readonly onChange: () => void
}

interface Recording {
  readonly wish: RecordingWish
  readonly on: boolean
}

/** The time to learn of all cameras. */
const LEARN_MS = 10_000

export class DesiredPaths {
  readonly #options: DesiredPathsOptions
  /** Cameras that left, with what cancels the end of their time. */
  readonly #leaving = new Map<string, () => void>()
  readonly #sources = new Map<string, SourceWish>()
  readonly #recordings = new Map<string, Recording>()
  /** Taken back by name: these need no knowledge of the rest to be removed. */
  readonly #withdrawn = new Set<string>()
  #known = new Set<string>()
  #whole = false
  #cancelStart: () => void = () => undefined

  constructor(options: DesiredPathsOptions) {
    this.#options = options
  }

  /** Whether a path of ours that is not desired may go: not while there may be cameras that we have not met yet. */
  mayRemove(name: string): boolean {
    return this.#whole || this.#withdrawn.has(name)
  }

  start(): void {
    this.#cancelStart = this.#options.clock.after(LEARN_MS, () => {
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

  isRecorded(name: string): boolean {
    return this.#recordings.get(name)?.on === true
  }

  isSource(name: string): boolean {
    return this.#sources.has(name)
  }

  setRecording(name: string, wish: RecordingWish | undefined): void {
    const known = this.#recordings.get(name)
    if (wish !== undefined) this.#recordings.set(name, { wish, on: true })
    // Only the switch is flipped back: servers before 1.15.1 drop the stream when another field of recording changes.
    else if (known !== undefined) this.#recordings.set(name, { wish: known.wish, on: false })
  }

  setSource(name: string, wish: SourceWish | undefined): void {
    if (wish !== undefined) {
      this.#sources.set(name, wish)
      this.#withdrawn.delete(name)
    } else if (this.#sources.delete(name)) {
      this.#recordings.delete(name)
      this.#withdrawn.add(name)
    }
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

  /** Cameras all have one body, but for recording: what differs between them is not in the path. */
  bodies(options: PathBodyOptions): ReadonlyMap<string, PathBody> {
    const camera = cameraBody(options)
    const bodies = new Map<string, PathBody>()
    for (const device of [...this.present(), ...this.#leaving.keys()]) bodies.set(device, this.#recorded(device, camera))
    for (const [name, wish] of this.#sources) bodies.set(name, this.#recorded(name, this.#source(name, wish, options)))
    return bodies
  }

  /** Recording makes no demand in MediaMTX: a stream that is recorded is fetched all the time. */
  #source(name: string, wish: SourceWish, options: PathBodyOptions): PathBody {
    return sourceBody(options, this.isRecorded(name) ? { ...wish, onDemand: false } : wish)
  }

  #recorded(name: string, body: PathBody): PathBody {
    const recording = this.#recordings.get(name)
    return recordedBody(body, recording?.wish, recording?.on === true)
  }

  #leave(device: string): void {
    const end = this.#options.clock.after(this.#options.absentKeepMs, () => {
      this.#leaving.delete(device)
      this.#options.onChange()
    })
    this.#leaving.set(device, end)
  }
}
