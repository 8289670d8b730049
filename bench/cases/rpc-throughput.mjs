// Requests per second over 100 authenticated connections on one core: against the least code that answers with as many bytes (bench/raw),
// and `ping` against a `ws` server with JSON.parse and JSON.stringify. Neither checks, limits or counts anything.
// Every round has processes of its own: how fast a process copies its replies depends on where its memory happens to lie.
import { boundBy, generate, measuredServer } from '../support/gen.mjs'
import { startPeer, startRaw } from '../support/peer.mjs'
import { publish, rate } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { askOnce, CAMERAS, cpuUs, medianOf, percent, startRpcService } from '../support/rpc.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

const CONNECTIONS = 100
const DEPTHS = [1, 16]
const METHODS = [
  { label: 'ping', method: 'ping', gates: { raw: { 1: 0.6, 16: 0.2 }, ws: { 1: 1.4, 16: 4 } } },
  { label: 'get_camera_status', method: 'get_camera_status', params: { device: 'camera0' }, gates: { raw: { 1: 0.6, 16: 0.2 } } },
  { label: `get_camera_list of ${CAMERAS}`, method: 'get_camera_list', gates: { raw: { 1: 0.6, 16: 0.2 } } },
]

export async function run({ quick }) {
  // Nobody calls `ping` for its own sake, so the short run has what clients do call.
  const methods = quick ? METHODS.slice(1) : METHODS
  const rounds = quick ? 3 : 7
  const span = quick ? { warmup: 0.2, seconds: 1 } : { warmup: 0.5, seconds: 1.5 }
  const values = await measure(methods, rounds, span)
  const failed = []
  for (const line of methods.flatMap(linesOf)) {
    let found = { rounds, values: valuesOf(values, line) }
    let verdict = verdictOf(found.values, line)
    if (verdict.status === 'noisy') {
      const again = await measure([line.call], rounds * 2, span)
      found = { rounds: rounds * 2, values: valuesOf(again, line) }
      verdict = verdictOf(found.values, line)
    }
    const name = `rpc-throughput ${line.call.label} d=${line.depth} c=${CONNECTIONS}${line.peer === 'raw' ? '' : `, to ${line.peer}`}`
    publish(name, text(found.values, verdict, line.peer), { connections: CONNECTIONS, depth: line.depth, ...found, verdict })
    failed.push(...failures(name, { verdict }))
  }
  return failed
}

/** One per depth and peer. */
const linesOf = (call) =>
  DEPTHS.flatMap((depth) => Object.entries(call.gates).map(([peer, gates]) => ({ call, depth, peer, atLeast: gates[depth] })))

const key = (label, depth, target) => `${label} ${depth} ${target}`

const valuesOf = (values, { call, depth, peer }) =>
  Object.fromEntries(['ours', peer].map((target) => [target, values[key(call.label, depth, target)]]))

/** Method, depth and target → what the generator saw, one per round. */
async function measure(methods, rounds, span) {
  const values = {}
  for (let round = 0; round < rounds; round++) {
    for (const [name, [value]] of Object.entries(await once(methods, round, span))) {
      values[name] ??= []
      values[name].push(value)
    }
  }
  return values
}

async function once(methods, round, span) {
  const service = await startRpcService()
  const peers = []
  try {
    const token = await service.token('operator')
    const variants = {}
    for (const { label, method, params, gates } of methods) {
      const { result, replyBytes } = await askOnce(service, method, params)
      const targets = { ours: { port: service.port, pid: service.pid, token }, raw: await startRaw({ replyBytes }) }
      if (gates.ws !== undefined) targets.ws = { ...(await startPeer('ws-server', [JSON.stringify(result)])), token }
      peers.push(...Object.values(targets).slice(1))
      const call = { method, ...(params && { params: JSON.stringify(params) }) }
      for (const depth of DEPTHS) {
        for (const [target, server] of Object.entries(targets))
          variants[key(label, depth, target)] = () => load(server, { ...call, depth, ...span })
      }
    }
    // New code is compiled first.
    for (const [name, warm] of Object.entries(variants)) if (name.endsWith('16 ours')) await warm()
    return await interleave(rotated(variants, round), 1)
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()))
    await service.stop()
  }
}

const load = ({ port, pid, token }, call) =>
  generate({ port, 'server-pid': pid, ...(token && { token }), connections: CONNECTIONS, ...call, warmup: 0.5, seconds: 1.5 })

/** Another order in every round. */
function rotated(variants, round) {
  const all = Object.entries(variants)
  const by = round % all.length
  return Object.fromEntries([...all.slice(by), ...all.slice(0, by)])
}

/** A round in which the peer had nothing to do for a while is no measurement: it would make us look better than we are. */
function verdictOf(values, { peer, atLeast }) {
  const rounds = values.ours.map((ours, round) => ({ ours, against: values[peer][round] }))
  const measured = rounds.filter(({ against }) => measuredServer(against))
  if (measured.length * 2 <= rounds.length) {
    const idle = rounds.find(({ against }) => !measuredServer(against))
    return { ...judge([1], { atLeast }), status: `invalid: ${boundBy(idle.against)}` }
  }
  const verdict = judge(
    measured.map(({ ours, against }) => ours.perSecond / against.perSecond),
    { atLeast },
  )
  const idle = verdict.status === 'ok' ? undefined : measured.find(({ ours }) => !measuredServer(ours))
  return idle === undefined ? verdict : { ...verdict, status: `invalid: ${boundBy(idle.ours)}` }
}

function text(values, verdict, peer) {
  const of = (name) => `${name} ${rate(medianOf(values[name], 'perSecond'))} ${medianOf(values[name], 'replyBytes')} B`
  return [
    of('ours'),
    of(peer),
    ...(verdict.status.startsWith('invalid') ? [] : [ratioText(verdict)]),
    `cpu ${cpuUs(values.ours)} µs/op, ${peer} ${cpuUs(values[peer])}`,
    `server ${percent(medianOf(values.ours, 'serverBusy'))} gen ${percent(medianOf(values.ours, 'generatorBusy'))}`,
  ]
}
