/** Frames per second as seen: frames of the last two seconds over the time between the first and the last of them. Pure. */

const WINDOW_MS = 2_000

export class FrameRate {
  #times: number[] = []

  mark(nowMs: number): void {
    this.#times.push(nowMs)
    this.#forget(nowMs)
  }

  /** Undefined while there are too few frames to say. */
  at(nowMs: number): number | undefined {
    this.#forget(nowMs)
    const first = this.#times[0]
    const last = this.#times.at(-1)
    if (first === undefined || last === undefined || last <= first) return undefined
    return ((this.#times.length - 1) * 1000) / (last - first)
  }

  clear(): void {
    this.#times = []
  }

  #forget(nowMs: number): void {
    const kept = this.#times.findIndex((time) => nowMs - time <= WINDOW_MS)
    this.#times = kept < 0 ? [] : this.#times.slice(kept)
  }
}
