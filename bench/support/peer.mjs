// A peer: a small program that prints one line of JSON with its port and runs until it is told to stop.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { SERVER_CORE } from './gen.mjs'

/** `{ port, pid, stop }` of peers/NAME.mjs on the server's core. */
export async function startPeer(name, args = []) {
  const [command, ...before] = SERVER_CORE
  const file = resolve(import.meta.dirname, `../peers/${name}.mjs`)
  const child = spawn(command, [...before, process.execPath, file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  const stop = async () => {
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }
  return { port: JSON.parse(line).port, pid: child.pid, stop }
}
