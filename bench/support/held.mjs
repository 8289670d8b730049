// Many connections that are there and do nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { GENERATOR_CORE } from './gen.mjs'

const GEN = resolve(import.meta.dirname, '../out/gen')

/** Options as of `gen --NAME`. Resolves when all are open: `end` cuts them, `gone` is the exit status of their program. */
export async function hold(options) {
  const words = Object.entries({ hold: 1, ...options }).flatMap(([name, value]) => [`--${name}`, String(value)])
  const [command, ...before] = [...GENERATOR_CORE, GEN]
  const clients = spawn(command, [...before, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
  const gone = once(clients, 'exit').then(([status]) => status)
  const [line] = await Promise.race([once(createInterface(clients.stdout), 'line'), gone.then((status) => [status])])
  if (typeof line !== 'string') throw new Error(`the clients ended with ${line} before all were connected`)
  const end = async () => {
    clients.kill('SIGKILL')
    await gone
  }
  return { gone, end }
}
