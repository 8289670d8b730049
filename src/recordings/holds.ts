/** Files that somebody uses: written or downloaded ones are never deleted. */

import type { FilePlace } from './index-store/types.js'

export type HoldReason = 'RECORDING' | 'DOWNLOADING'

export class Holds {
  readonly #held = new Map<string, HoldReason[]>()

  /** The function returned ends it; twice does no harm. */
  hold(place: FilePlace, reason: HoldReason): () => void {
    const key = keyOf(place)
    const reasons = this.#held.get(key) ?? []
    this.#held.set(key, [...reasons, reason])
    let ended = false
    return () => {
      if (ended) return
      ended = true
      const left = [...(this.#held.get(key) ?? [])]
      left.splice(left.indexOf(reason), 1)
      if (left.length === 0) this.#held.delete(key)
      else this.#held.set(key, left)
    }
  }

  /** Why the file must stay; undefined when nobody needs it. */
  reason(place: FilePlace): HoldReason | undefined {
    const reasons = this.#held.get(keyOf(place))
    return reasons?.includes('RECORDING') ? 'RECORDING' : reasons?.[0]
  }
}

function keyOf({ kind, dir, name }: FilePlace): string {
  return `${kind}/${dir}/${name}`
}
