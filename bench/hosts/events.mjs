// The service's own way of an event, without what is not on it: the registry of cameras, the RPC service and the web server, in one
// process. Publishes on order as bench/raw does: for each byte on the control port one event leaves the registry, and the time at which
// it did goes back. `events.mjs BYTES`: size of a notification on the wire. Prints its ports and a token.
import { createServer } from 'node:net'
import { connectNotifications } from '../../dist/app/notifications.js'
import { createTokens, RateLimit } from '../../dist/auth/index.js'
import { systemClock, timestamp } from '../../dist/base/clock.js'
import { TypedEvents } from '../../dist/base/events.js'
import { createHttpServer } from '../../dist/http/index.js'
import { createRpc } from '../../dist/rpc/index.js'
import { registryOf } from '../support/cameras.mjs'
import { silent } from '../support/silent.mjs'

const bytes = Number(process.argv[2])
const clock = systemClock
const registry = registryOf(1)
const tokens = createTokens({ secret: 'a secret of the benches, as long as it has to be', leewayMs: 0, maxLifetimeMs: 0, clock })
const rpc = createRpc({
  services: { cameras: { status: (device, host) => registry.statusView(device, host) }, system: { ready: () => true } },
  tokens,
  rateLimit: new RateLimit({ requests: 1_000_000, windowMs: 1_000, clock }),
  clock,
  logger: silent,
})
const configuration = { onRefused: () => () => undefined }
connectNotifications({ registry, snapshots: { events: new TypedEvents() }, media: undefined, configuration }, rpc.publish)
const http = createHttpServer({
  rpc,
  clock,
  logger: silent,
  address: { host: '127.0.0.1', port: 0 },
  settings: { maxConnections: 20_000, maxAnonymous: 20_000 },
})
await http.start(new AbortController().signal)

const change = sized(bytes)
const control = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.on('data', (orders) => {
    for (let order = 0; order < orders.length; order++) {
      const began = Buffer.alloc(8)
      began.writeBigUInt64LE(process.hrtime.bigint())
      registry.events.emit('controlChanged', change)
      socket.write(began)
    }
  })
}).listen(0, '127.0.0.1', () => {
  const token = tokens.sign({ userId: 'bench', role: 'viewer', lifetimeMs: 3_600_000 })
  console.log(JSON.stringify({ port: http.port, control: control.address().port, token }))
})

/** A change of a text control whose notification has so many bytes. */
function sized(wanted) {
  const made = { device: 'camera0', control: 'note', value: '', inactive: false }
  const params = { ...made, timestamp: timestamp(clock.wallMs()) }
  const around = JSON.stringify({ jsonrpc: '2.0', method: 'camera.control_changed', params }).length
  return { ...made, value: 'x'.repeat(Math.max(0, wanted - around)) }
}
