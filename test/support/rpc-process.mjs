// The RPC face over in-memory services in a process of its own, so that its memory is its own. Needs a built tree. Told over IPC what to do;
// argument: settings of the face as JSON. Says { port, tokens } when it listens.
import { createTokens, RateLimit } from '../../dist/auth/index.js'
import { systemClock as clock } from '../../dist/base/clock.js'
import { createLogger } from '../../dist/base/logger.js'
import { Rendered } from '../../dist/base/rendered.js'
import { createHttpServer } from '../../dist/http/index.js'
import { createRpc } from '../../dist/rpc/index.js'

const HOUR_MS = 3_600_000
const TICK_MS = 10
let logged = 0

const logger = createLogger({ level: 'info', format: 'json', write: (line) => void (line.includes('listening') || logged++) })
const tokens = createTokens({ secret: 'a secret of the tests, longer than 32 bytes', leewayMs: 30_000, maxLifetimeMs: 0, clock })
const rateLimit = new RateLimit({ requests: 1_000_000, windowMs: 60_000, clock })
const take = ({ device }) =>
  new Promise((resolve) => setTimeout(() => resolve({ device, filename: 'a.jpg', status: 'SUCCESS' }), 20))
const services = {
  cameras: { list: () => new Rendered({ cameras: [], total: 0, connected: 0 }), nodes: () => new Map() },
  snapshots: { take },
  system: { ready: () => true },
}
const rpc = createRpc({ services, tokens, rateLimit, clock, logger })
const settings = JSON.parse(process.argv[2] ?? '{}')
const http = createHttpServer({ rpc, clock, logger, address: { host: '127.0.0.1', port: 0, key: 'server.port' }, settings })

/** So many events of so many bytes a second, each with the time of its making. */
function publish({ topic, perSecond, bytes, seconds }) {
  const fill = 'x'.repeat(bytes)
  const beganMs = performance.now()
  let published = 0
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const elapsedMs = performance.now() - beganMs
      const due = Math.min(seconds * perSecond, Math.floor((elapsedMs / 1000) * perSecond))
      while (published < due) {
        rpc.publish(topic, { device: 'camera0', at: performance.timeOrigin + performance.now(), fill })
        published += 1
      }
      if (published < seconds * perSecond) return
      clearInterval(timer)
      resolve({ published })
    }, TICK_MS)
  })
}

const figures = (collects = true) => {
  if (collects) globalThis.gc?.()
  return { ...http.figures, connections: http.connections, rss: process.memoryUsage().rss, logged, rpc: rpc.stats() }
}

process.on('message', async ({ id, what, ...options }) => {
  const answer = what === 'publish' ? await publish(options) : figures(what === 'figures')
  process.send({ id, answer })
})
process.on('disconnect', () => process.exit(0))

await http.start(new AbortController().signal)
const sign = (role) => tokens.sign({ userId: 'tester', role, lifetimeMs: HOUR_MS })
process.send({ port: http.port, tokens: { viewer: sign('viewer'), operator: sign('operator') } })
