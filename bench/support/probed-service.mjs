// The service of the RPC benches with a probe inside: of its event loop and its garbage collector, or of what it holds.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { SERVER_CORE } from './gen.mjs'
import { startRpcService } from './rpc.mjs'

/** `{ service, look, stop }`; `look` answers what was seen since the last look. */
export const startProbedService = () => probed('loop-probe.mjs', 'LOOP_PROBE', {})

/**
 * `look` collects garbage and answers what is held then. `config` as of startRpcService. Its young generation is small: how many empty pages
 * V8 keeps of a large one is by chance, and sixteen megabytes of them are more than all that is measured.
 */
export const startCollectedService = (config) => probed('gc-probe.mjs', 'GC_PROBE', config, '--max-semi-space-size=1 ')

async function probed(probe, variable, config, flags = '') {
  const folder = await mkdtemp(join(tmpdir(), 'bench-probe-'))
  const file = join(folder, 'seen.json')
  const service = await startRpcService({
    config,
    wrapper: [
      ...SERVER_CORE,
      'env',
      `NODE_OPTIONS=${flags}--import=${resolve(import.meta.dirname, probe)}`,
      `${variable}=${file}`,
    ],
  })
  const look = async () => {
    await rm(file, { force: true })
    process.kill(service.pid, 'SIGWINCH')
    return eventually('what the probe saw', () => readFile(file, 'utf8').then(JSON.parse, () => undefined))
  }
  const stop = async () => {
    await service.stop()
    await rm(folder, { recursive: true })
  }
  return { service, look, stop }
}
