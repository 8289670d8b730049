// Events to many listeners: the service's own parts (hosts/events.mjs) and the limit (raw/), and the program that listens to them.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { GENERATOR_CORE } from './gen.mjs'
import { startRaw, startServer } from './peer.mjs'
import { handlesOf } from './process.mjs'

const BENCH = resolve(import.meta.dirname, '..')
const FEW = 200
const TOPIC = 'camera.control_changed'

/** `{ ours, raw, stop }`; events of so many bytes. */
export async function startEventServers(eventBytes) {
  const ours = await startServer([process.execPath, resolve(BENCH, 'hosts/events.mjs'), String(eventBytes)])
  const raw = await startRaw({ eventBytes })
  const stop = () => Promise.all([ours.stop(), raw.stop()])
  return { ours, raw, stop }
}

/** Options as of `listeners --NAME`; answers its JSON. A server without a token is the raw one: everyone hears everything. */
export async function listen({ port, control, token, pid }, options) {
  // Together with those of the run before, too many descriptors would be open, and the service stops listening for a while.
  await eventually('the listeners of the run before have gone', async () => (await handlesOf(pid)).descriptors < FEW)
  const all = { port, control, ...(token && { token, topic: TOPIC }), ...options }
  const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])
  const [command, ...before] = [...GENERATOR_CORE, resolve(BENCH, 'out/listeners')]
  const { stdout } = await promisify(execFile)(command, [...before, ...args], { maxBuffer: 16 * 1024 * 1024 })
  return JSON.parse(stdout)
}
