// A peer: a small program that prints one line of JSON with its port and runs until it is told to stop.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { SERVER_CORE } from './gen.mjs'

const BENCH = resolve(import.meta.dirname, '..')

/** `{ port, pid, stop }` of peers/NAME.mjs on the server's core. */
export const startPeer = (name, args = []) => startServer([process.execPath, resolve(BENCH, `peers/${name}.mjs`), ...args])

/** The practical limit of one core, or of `threads` on every core (raw/server.hpp): `port` and `control`. */
export const startRaw = ({ replyBytes = 0, eventBytes = 0, threads = 1, pingSeconds, place }) => {
  const numbers = [replyBytes, eventBytes, threads, ...(pingSeconds === undefined ? [] : [pingSeconds])]
  return startServer([resolve(BENCH, 'out/raw'), ...numbers.map(String)], place)
}

/** Any program of this kind, on the server's core unless told another place; with all that it printed in its line. */
export async function startServer(words, place = SERVER_CORE) {
  const [command, ...args] = [...place, ...words]
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  const ended = gone.then(([status, signal]) => {
    throw new Error(`${words.at(1) ?? words[0]} ended with ${status ?? signal}`)
  })
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
  ended.catch(() => undefined)
  const stop = async () => {
    child.kill('SIGTERM')
    await gone
  }
  return { ...JSON.parse(line), pid: child.pid, stop }
}
