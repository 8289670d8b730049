// Requests per second over 100 authenticated connections on one core: against the least code that answers with as many bytes (bench/raw),
// and `ping` against a `ws` server with JSON.parse and JSON.stringify. Neither checks, limits or counts anything.
import { boundBy, generate, measuredServer } from '../support/gen.mjs'
import { startPeer, startRaw } from '../support/peer.mjs'
import { publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { askOnce, CAMERAS, cpuUs, medianOf, percent, startRpcService } from '../support/rpc.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const CONNECTIONS = 100
const METHODS = [
  { label: 'ping', method: 'ping', toWs: { 1: 1.4, 16: 4 } },
  { label: 'get_camera_status', method: 'get_camera_status', params: { device: 'camera0' } },
  { label: `get_camera_list of ${CAMERAS}`, method: 'get_camera_list' },
]
const TO_RAW = { 1: 0.6, 16: 0.2 }

export async function run({ quick }) {
  const service = await startRpcService()
  const token = await service.token('operator')
  const failed = []
  try {
    // Nobody calls `ping` for its own sake, so the short run has what clients do call.
    for (const { label, method, params, toWs } of quick ? METHODS.slice(1) : METHODS) {
      const { result, replyBytes } = await askOnce(service, method, params)
      const raw = await startRaw({ replyBytes })
      const ws = toWs && (await startPeer('ws-server', [JSON.stringify(result)]))
      try {
        for (const depth of [1, 16]) {
          const call = { method, ...(params && { params: JSON.stringify(params) }), depth }
          const gates = { raw: TO_RAW[depth], ...(ws && { ws: toWs[depth] }) }
          failed.push(...(await compare({ label, call, gates, targets: { ours: service, raw, ws }, token, quick })))
        }
      } finally {
        await raw.stop()
        await ws?.stop()
      }
    }
  } finally {
    await service.stop()
  }
  return failed
}

/** One line per peer. */
async function compare({ label, call, gates, targets, token, quick }) {
  const failed = []
  const measured = await measure({ call, targets, names: ['ours', ...Object.keys(gates)], token }, quick ? 3 : 7)
  for (const [peer, atLeast] of Object.entries(gates)) {
    const name = `rpc-throughput ${label} d=${call.depth} c=${CONNECTIONS}${peer === 'raw' ? '' : `, to ${peer}`}`
    const first = { ...measured, verdict: verdictOf(measured.values, peer, atLeast) }
    const again = async (rounds) => {
      const values = (await measure({ call, targets, names: ['ours', peer], token }, rounds)).values
      return { values, rounds, verdict: verdictOf(values, peer, atLeast) }
    }
    const result = await judgeTwice((rounds) => (rounds === measured.rounds ? first : again(rounds)), measured.rounds)
    publish(name, line(result, peer), { connections: CONNECTIONS, depth: call.depth, ...result })
    failed.push(...failures(name, result))
  }
  return failed
}

async function measure({ call, targets, names, token }, rounds) {
  const load =
    ({ port, pid }, login) =>
    () =>
      generate({ port, 'server-pid': pid, connections: CONNECTIONS, ...login, ...call, warmup: 0.3, seconds: 1.5 })
  const variants = names.map((name) => [name, load(targets[name], name === 'raw' ? {} : { token })])
  return { rounds, values: await interleave(Object.fromEntries(variants), rounds) }
}

function verdictOf({ ours, ...peers }, peer, atLeast) {
  const against = peers[peer]
  const verdict = judge(
    ours.map(({ perSecond }, round) => perSecond / against[round].perSecond),
    { atLeast },
  )
  // A peer that was not kept busy makes us look better than we are; if we were not, worse, so then only a miss is no measurement.
  const idlePeer = against.find((one) => !measuredServer(one))
  const idle = idlePeer ?? (verdict.status === 'ok' ? undefined : ours.find((one) => !measuredServer(one)))
  return idle === undefined ? verdict : { ...verdict, status: `invalid: ${boundBy(idle)}` }
}

function line({ values, verdict }, peer) {
  const of = (name) => `${name} ${rate(medianOf(values[name], 'perSecond'))} ${medianOf(values[name], 'replyBytes')} B`
  return [
    of('ours'),
    of(peer),
    ...(verdict.status.startsWith('invalid') ? [] : [ratioText(verdict)]),
    `cpu ${cpuUs(values.ours)} µs/op, ${peer} ${cpuUs(values[peer])}`,
    `server ${percent(medianOf(values.ours, 'serverBusy'))} gen ${percent(medianOf(values.ours, 'generatorBusy'))}`,
  ]
}
