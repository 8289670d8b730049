// The service as the RPC benches want it: on its core, with cameras, many connections, and a limiter that counts with a limit that is
// not reached.
import { startService } from '../../test/vm/guest/support/service.mjs'
import { SERVER_CORE } from './gen.mjs'
import { median } from './stats.mjs'

export const CAMERAS = 16

/** As startService; `config` adds to and replaces what is set here. */
export const startRpcService = ({ config = {}, ...options } = {}) =>
  startService({
    wrapper: SERVER_CORE,
    args: ['--virtual-cameras', String(CAMERAS)],
    config: {
      SECURITY_RATE_LIMIT_REQUESTS: 1_000_000,
      SECURITY_RATE_LIMIT_WINDOW: '100ms',
      SERVER_MAX_CONNECTIONS: 15_000,
      LOGGING_LEVEL: 'warn',
      ...config,
    },
    ...options,
  })

/** What one call answers, and the bytes of the reply when its id has seven digits, as those of the generator. */
export async function askOnce(service, method, params) {
  const client = await service.client('operator')
  const result = await client.call(method, params)
  await client.close()
  return { result, replyBytes: JSON.stringify({ jsonrpc: '2.0', id: 1_000_000, result }).length }
}

/** Of a list of what the generator answered. */
export const medianOf = (list, member) => median(list.map((one) => one[member]))
export const cpuUs = (list) => median(list.map(({ serverCpuNs, replies }) => serverCpuNs / replies / 1e3)).toFixed(2)
export const percent = (share) => `${Math.round(share * 100)} %`
