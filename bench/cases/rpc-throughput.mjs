// `ping` over 100 authenticated connections on one core, against a `ws` server with JSON.parse and JSON.stringify that checks nothing.
import { startService } from '../../test/vm/guest/support/service.mjs'
import { boundBy, generate, measuredServer, SERVER_CORE } from '../support/gen.mjs'
import { startPeer } from '../support/peer.mjs'
import { publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const CONNECTIONS = 100
const CASES = [
  { depth: 1, atLeast: 1.4 },
  { depth: 16, atLeast: 4 },
]

export async function run({ quick }) {
  // The limiter counts, with a limit that is not reached.
  const service = await startService({
    wrapper: SERVER_CORE,
    config: { SECURITY_RATE_LIMIT_REQUESTS: 1_000_000, SECURITY_RATE_LIMIT_WINDOW: '100ms', LOGGING_LEVEL: 'warn' },
  })
  const peer = await startPeer('ws-server', await metadataArgument(service))
  const token = await service.token('operator')
  const targets = { ours: { port: service.port, pid: service.pid }, ws: peer }
  const failed = []
  try {
    for (const { depth, atLeast } of CASES) {
      const name = `rpc-throughput ping d=${depth} c=${CONNECTIONS}`
      const result = await judgeTwice((rounds) => measure(targets, { depth, token, rounds, atLeast }), quick ? 3 : 7)
      publish(name, line(result), result)
      failed.push(...failures(name, result))
    }
  } finally {
    await peer.stop()
    await service.stop()
  }
  return failed
}

async function measure(targets, { depth, token, rounds, atLeast }) {
  const load =
    ({ port, pid }) =>
    () =>
      generate({ port, 'server-pid': pid, connections: CONNECTIONS, depth, token, method: 'ping', warmup: 0.5, seconds: 1.5 })
  const values = await interleave({ ours: load(targets.ours), ws: load(targets.ws) }, rounds)
  const ratios = values.ours.map(({ perSecond }, round) => perSecond / values.ws[round].perSecond)
  const verdict = judge(ratios, { atLeast })
  // A peer that was not kept busy makes us look better than we are; if we were not, worse, so then only a miss is no measurement.
  const idlePeer = values.ws.find((one) => !measuredServer(one))
  const idle = idlePeer ?? (verdict.status === 'ok' ? undefined : values.ours.find((one) => !measuredServer(one)))
  if (idle !== undefined) verdict.status = `invalid: ${boundBy(idle)}`
  return { connections: CONNECTIONS, depth, rounds, values, ratios, verdict }
}

function line({ values, verdict }) {
  const of = (list, member) => median(list.map((one) => one[member]))
  const cpuUs = (list) => median(list.map(({ serverCpuNs, replies }) => serverCpuNs / replies / 1e3)).toFixed(2)
  return [
    `ours ${rate(of(values.ours, 'perSecond'))} ${of(values.ours, 'replyBytes')} B`,
    `ws ${rate(of(values.ws, 'perSecond'))} ${of(values.ws, 'replyBytes')} B (no validation, auth, limiter)`,
    ...(verdict.status.startsWith('invalid') ? [] : [ratioText(verdict)]),
    `cpu ${cpuUs(values.ours)} µs/op, ws ${cpuUs(values.ws)}`,
    `server ${percent(of(values.ours, 'serverBusy'))} gen ${percent(of(values.ours, 'generatorBusy'))}`,
  ]
}

const percent = (share) => `${Math.round(share * 100)} %`

/** Our replies may carry metadata; the peer's then do too, since the same bytes must be written by both. */
async function metadataArgument(service) {
  const socket = new (await import('ws')).WebSocket(service.url)
  const reply = await new Promise((resolve, reject) => {
    socket.on('open', () => socket.send('{"jsonrpc":"2.0","id":1,"method":"ping"}'))
    socket.on('message', (data) => resolve(JSON.parse(data.toString())))
    socket.on('error', reject)
  })
  socket.close()
  return reply.metadata === undefined ? [] : ['metadata']
}
