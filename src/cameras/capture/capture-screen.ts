/** What the viewers of one camera see; says it to the core only when it is something else than before. */

import type { Core } from '../../native/index.js'
import type { Phase } from './reconnect-machine.js'

/** Viewers' pictures by channel. */
export type Screen = Pick<Core, 'showSource' | 'showPlaceholder' | 'setMaxFrameAge'>

export interface Placeholder {
  readonly width: number
  readonly height: number
  readonly text: string
}

export class CaptureScreen {
  readonly #screen: Screen
  #maxFrameAgeMs: number
  #channels: readonly string[] = []
  #shown: string | Placeholder | undefined

  constructor(screen: Screen, maxFrameAgeMs: number) {
    this.#screen = screen
    this.#maxFrameAgeMs = maxFrameAgeMs
  }

  /** Viewers of these channels see the camera from now on. */
  setChannels(channels: readonly string[]): void {
    const added = channels.filter((channel) => !this.#channels.includes(channel))
    this.#channels = channels
    for (const channel of added) {
      this.#screen.setMaxFrameAge(channel, this.#maxFrameAgeMs)
      if (this.#shown !== undefined) this.#put(channel, this.#shown)
    }
  }

  setMaxFrameAge(maxFrameAgeMs: number): void {
    if (maxFrameAgeMs === this.#maxFrameAgeMs) return
    this.#maxFrameAgeMs = maxFrameAgeMs
    for (const channel of this.#channels) this.#screen.setMaxFrameAge(channel, maxFrameAgeMs)
  }

  /** What a phase of the capture means for viewers. `absence` is asked for when there are no frames. */
  follow(phase: Phase, source: string | undefined, absence: () => Placeholder): void {
    if (phase === 'streaming' && source !== undefined) this.#show(source)
    // While the device is opened viewers keep what they see: the last frames, or why there were none.
    else if (phase !== 'opening' || typeof this.#shown !== 'string') this.#show(absence())
  }

  /** A source, or a picture in place of one. */
  #show(wanted: string | Placeholder): void {
    if (same(wanted, this.#shown)) return
    this.#shown = wanted
    for (const channel of this.#channels) this.#put(channel, wanted)
  }

  #put(channel: string, wanted: string | Placeholder): void {
    if (typeof wanted === 'string') this.#screen.showSource(channel, wanted)
    else this.#screen.showPlaceholder(channel, wanted)
  }
}

function same(a: string | Placeholder, b: string | Placeholder | undefined): boolean {
  if (typeof a === 'string' || typeof b !== 'object') return a === b
  return a.width === b.width && a.height === b.height && a.text === b.text
}
