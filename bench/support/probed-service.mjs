// The service of the RPC benches with a probe inside that tells of its event loop and its garbage collector.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { SERVER_CORE } from './gen.mjs'
import { startRpcService } from './rpc.mjs'

const PROBE = resolve(import.meta.dirname, 'loop-probe.mjs')

/** `{ service, look, stop }`; `look` answers what was seen since the last look. */
export async function startProbedService() {
  const folder = await mkdtemp(join(tmpdir(), 'bench-probe-'))
  const file = join(folder, 'seen.json')
  const service = await startRpcService({
    wrapper: [...SERVER_CORE, 'env', `NODE_OPTIONS=--import=${PROBE}`, `LOOP_PROBE=${file}`],
  })
  const look = async () => {
    await rm(file, { force: true })
    process.kill(service.pid, 'SIGUSR2')
    return eventually('what the probe saw', () => readFile(file, 'utf8').then(JSON.parse, () => undefined))
  }
  const stop = async () => {
    await service.stop()
    await rm(folder, { recursive: true })
  }
  return { service, look, stop }
}
