/** Pictures of several cameras, one request after another: a single connection serves them all. */

import { ask } from './api.js'
import { wait } from './wait.js'

export interface Shown {
  readonly id: string
  readonly element: HTMLElement
  readonly canvas: HTMLCanvasElement
}

/** A picture up to this old will do. */
const MAX_AGE_MS = 1_000
const TIMEOUT_MS = 2_000
const PAUSE_MS = 500

export class SnapshotRound {
  #shown: readonly Shown[] = []
  #abort: AbortController | undefined

  show(shown: readonly Shown[]): void {
    if (shown.map(({ id }) => id).join() === this.#shown.map(({ id }) => id).join()) return
    this.#shown = shown
    for (const { element } of shown) element.dataset.shows = 'snapshots'
    this.#abort?.abort()
    this.#abort = undefined
    if (shown.length === 0) return
    this.#abort = new AbortController()
    void this.#run(shown, this.#abort.signal)
  }

  async #run(shown: readonly Shown[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const { id, canvas } of shown) {
        // A camera without a picture keeps its last one; its state stands below it.
        await paint(id, canvas, signal).catch(() => undefined)
        if (signal.aborted) return
      }
      await wait(PAUSE_MS, signal)
    }
  }
}

async function paint(id: string, canvas: HTMLCanvasElement, signal: AbortSignal): Promise<void> {
  const query = new URLSearchParams({ max_age_ms: String(MAX_AGE_MS), timeout_ms: String(TIMEOUT_MS), warmup_frames: '0' })
  const response = await ask(`cameras/${id}/snapshot?${query}`, { signal })
  const bitmap = await createImageBitmap(await response.blob())
  canvas.width = bitmap.width
  canvas.height = bitmap.height
  canvas.getContext('2d', { alpha: false })?.drawImage(bitmap, 0, 0)
  bitmap.close()
}
