// From the bytes of a request to those of its reply without a socket, against JSON.parse and JSON.stringify of the same texts.
import { compareInHost } from '../support/host.mjs'

const METHODS = [
  'ping',
  'get_camera_status',
  'get_camera_list of 4',
  'get_camera_list of 16',
  'get_camera_capabilities',
  'get_subscription_stats',
]

export function run({ quick }) {
  return compareInHost({
    host: 'dispatch',
    rounds: quick ? 5 : 9,
    lines: METHODS.map((ours) => ({
      name: `rpc-dispatch ${ours}`,
      ours,
      peer: `JSON ${ours}`,
      peerText: 'JSON alone',
      atMost: 2,
    })),
    more: ({ sizes, allocations }, { ours }) => [`${sizes[ours].join(' B in, ')} B out`, `allocates ${allocations[ours]} B`],
  })
}
