// Ports that nobody else gets meanwhile: below those from which the system takes one by itself, for a listener that asks for any or for
// a connection, and other ones for each worker of a test run.
import { randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const PORTS_EACH = 1_000
const MOST_WORKERS = 16

const systems = Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0])
const worker = Number(process.env.VITEST_POOL_ID ?? 0) % MOST_WORKERS
const first = Math.max(1_024, systems - MOST_WORKERS * PORTS_EACH) + worker * PORTS_EACH
let next = randomInt(PORTS_EACH)

/** A port of loopback that nobody listens on, and that nobody takes by accident. */
export async function freePort() {
  for (let tries = 0; tries < PORTS_EACH; tries++) {
    next = (next + 1) % PORTS_EACH
    // Kept here: others may ask meanwhile.
    const port = first + next
    if (await isFree(port)) return port
  }
  throw new Error(`no free port from ${first} to ${first + PORTS_EACH - 1}`)
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    // Of all addresses: a listener may mean any of them.
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}
