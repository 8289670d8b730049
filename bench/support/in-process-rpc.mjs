// The RPC service without sockets: sessions whose replies and notifications are given to functions.
import { createTokens, RateLimit } from '../../dist/auth/index.js'
import { systemClock } from '../../dist/base/clock.js'
import { createRpc } from '../../dist/rpc/index.js'
import { silent } from './silent.mjs'

/** `{ rpc, token, open(peer) }`; `cameras`: a registry. The limiter counts, with a limit that is not reached. */
export function inProcessRpc(cameras) {
  const clock = systemClock
  const tokens = createTokens({
    secret: 'a secret of the benches, as long as it has to be',
    leewayMs: 0,
    maxLifetimeMs: 0,
    clock,
  })
  const rpc = createRpc({
    services: {
      cameras: {
        resolve: (node) => cameras.resolve(node),
        list: (host) => cameras.listView(host),
        status: (device, host) => cameras.statusView(device, host),
        capabilities: (device) => cameras.capabilitiesView(device),
      },
      system: { ready: () => true },
    },
    tokens,
    rateLimit: new RateLimit({ requests: 1_000_000, windowMs: 1, clock }),
    clock,
    logger: silent,
  })
  const token = tokens.sign({ userId: 'bench', role: 'operator', lifetimeMs: 3_600_000 })
  const open = (peer) => {
    const session = rpc.openSession({
      codec: 'json',
      linkHost: 'cameras.local',
      local: true,
      peer: { send() {}, notify() {}, close() {}, ...peer },
    })
    session.receive(bytesOf({ id: 1, method: 'authenticate', params: { auth_token: token } }), false)
    return session
  }
  return { rpc, tokens, token, open }
}

/** One frame as the web server hands it over. */
export function bytesOf({ id, method, params }) {
  const text = JSON.stringify({ jsonrpc: '2.0', id, method, params })
  return new TextEncoder().encode(text).buffer
}
