// How fast API keys are checked among 10 000, those that are there and those that are not, against a bare SHA-256 of the same bytes.
import { compareInHost } from '../support/host.mjs'

export function run({ quick }) {
  return compareInHost({
    host: 'auth-key',
    rounds: quick ? 5 : 9,
    lines: ['hit', 'miss'].map((ours) => ({
      name: `auth-key ${ours}`,
      ours,
      peer: 'sha256',
      peerText: 'SHA-256 alone',
      atLeast: 0.5,
    })),
  })
}
