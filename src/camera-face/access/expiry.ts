/** Streams end when the token they were opened with expires. */

import type { Identity } from '../../auth/index.js'
import type { Clock } from '../../base/clock.js'

/** Calls `end` once the token has expired or the key was revoked, never within this call; the function returned cancels. */
export function atExpiry(
  clock: Clock,
  identity: Pick<Identity, 'expiresAtMs' | 'onRevoked'> | undefined,
  end: () => void,
): () => void {
  if (identity === undefined) return () => undefined
  const leftMs = (): number => identity.expiresAtMs - clock.wallMs()
  let cancel: () => void
  const arm = (): void => {
    cancel = clock.after(Math.max(0, leftMs()), () => (leftMs() > 0 ? arm() : end()))
  }
  arm()
  const endListening = identity.onRevoked?.(() => {
    cancel()
    arm()
  })
  return () => {
    endListening?.()
    cancel()
  }
}
