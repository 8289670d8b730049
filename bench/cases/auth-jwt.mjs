// How fast tokens are checked: new ones, against a bare HMAC-SHA256 of the same bytes (which decodes and checks nothing) and `jose`.
import { compareInHost } from '../support/host.mjs'

export function run({ quick }) {
  return compareInHost({
    host: 'auth-jwt',
    rounds: quick ? 5 : 9,
    lines: [
      { name: 'auth-jwt cold, to HMAC', ours: 'cold', peer: 'hmac', peerText: 'HMAC-SHA256 alone', atLeast: 0.25 },
      { name: 'auth-jwt cold, to jose', ours: 'cold', peer: 'jose', atLeast: 5 },
      { name: 'auth-jwt cached, to HMAC', ours: 'cached', peer: 'hmac', peerText: 'HMAC-SHA256 alone', atLeast: 5 },
    ],
  })
}
