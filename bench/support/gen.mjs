// Runs the load generator on core 1; the server under test is pinned to core 0.
import { execFile } from 'node:child_process'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

const GEN = resolve(import.meta.dirname, '../out/gen')
const several = cpus().length > 1

/** Command prefix that keeps a process on the server's core. */
export const SERVER_CORE = ['taskset', '-c', '0']
export const GENERATOR_CORE = ['taskset', '-c', several ? '1' : '0']

/** Command prefix for a server or generator that may use every core. */
export const ANY_CORE = ['taskset', '-c', `0-${cpus().length - 1}`]

/** Options as of `gen --NAME`; answers its JSON with `serverBusy` and `generatorBusy`, shares of one core. */
export async function generate(options, place = GENERATOR_CORE) {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
  const [command, ...before] = place
  const { stdout } = await promisify(execFile)(command, [...before, GEN, ...args])
  const result = JSON.parse(stdout)
  const wallNs = result.seconds * 1e9
  return { ...result, serverBusy: result.serverCpuNs / wallNs, generatorBusy: result.ownCpuNs / wallNs }
}

/** Whether a throughput run measured its server; otherwise it measured the generator or the machine. */
export const measuredServer = ({ serverBusy }) => serverBusy >= 0.95

/** What kept the server from being busy: the generator's own core, or others on the machine. */
export const boundBy = ({ generatorBusy }) => (generatorBusy >= 0.9 ? 'generator-bound' : 'the machine was busy with other work')
