/** The mode one camera is opened with: the chosen one, or a smaller one while that does not fit the bus. */

import type { Camera, Mode } from '../types.js'
import { fallbackModes, sameMode } from './bandwidth-fallback.js'

export class ChosenMode {
  #report: Camera['report']
  #wanted: Mode | undefined
  /** Which of the smaller modes is used instead; -1: none. */
  #lowered = -1

  /** What to open the camera with; undefined when it offers nothing usable. */
  get mode(): Mode | undefined {
    const { wanted, report } = { wanted: this.#wanted, report: this.#report }
    if (wanted === undefined || report === undefined || this.#lowered < 0) return wanted
    return fallbackModes(report, wanted)[this.#lowered] ?? wanted
  }

  /** Takes what was chosen for the camera; whether that is another mode than before. */
  follow({ mode, report }: Camera): boolean {
    const before = this.#wanted
    this.#report = report
    this.#wanted = mode
    const changed = mode === undefined || before === undefined ? mode !== before : !sameMode(mode, before)
    if (changed) this.#lowered = -1
    return changed
  }

  /** The next smaller mode is to be tried; false when there is none. */
  lower(): boolean {
    if (this.#report === undefined || this.#wanted === undefined) return false
    const isLeft = this.#lowered + 1 < fallbackModes(this.#report, this.#wanted).length
    this.#lowered = isLeft ? this.#lowered + 1 : -1
    return isLeft
  }

  /** The wanted mode is to be tried again. */
  restore(): void {
    this.#lowered = -1
  }
}
