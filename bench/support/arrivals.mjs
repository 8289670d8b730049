// Runs the program whose clients come and go (bench/arrivals) on the generator's core.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { GENERATOR_CORE } from './gen.mjs'
import { handlesOf } from './process.mjs'

const PROGRAM = resolve(import.meta.dirname, '../out/arrivals')
const FEW = 200

/** What those who subscribe say. */
export const SUBSCRIBE = JSON.stringify({
  ...{ jsonrpc: '2.0', id: 2, method: 'subscribe_events' },
  params: { topics: ['camera.connected', 'camera.disconnected', 'recording.start', 'recording.stop'] },
})

/** Options as of `arrivals --NAME`, `pid` of the server; answers its JSON with `serverBusy`, `generatorBusy` and `cpuNs` of the server for each. */
export async function arrive({ pid, ...options }) {
  // Together with those of the run before, too many descriptors would be open, and the service stops listening for a while.
  await eventually('those of the run before have gone', async () => (await handlesOf(pid)).descriptors < FEW)
  const words = Object.entries({ 'server-pid': pid, ...options }).flatMap(([name, value]) => [`--${name}`, String(value)])
  const [command, ...before] = [...GENERATOR_CORE, PROGRAM]
  const { stdout } = await promisify(execFile)(command, [...before, ...words], { maxBuffer: 16 * 1024 * 1024 })
  const result = JSON.parse(stdout)
  const wallNs = result.seconds * 1e9
  return {
    ...result,
    serverBusy: result.serverCpuNs / wallNs,
    generatorBusy: result.ownCpuNs / wallNs,
    cpuNs: result.serverCpuNs / result.arrived,
  }
}
