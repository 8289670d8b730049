// 20 000 requests a second of all kinds: 60 % status, 15 % list, 10 % ping, 10 % errors, 5 % that ask a MediaMTX that answers in 1 ms.
// What the cheap ones wait, against the same without those 5 %.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { GENERATOR_CORE, generate } from '../support/gen.mjs'
import { merged } from '../support/histogram.mjs'
import { startServer } from '../support/peer.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { startRpcService } from '../support/rpc.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const RATE = 20_000
const CONNECTIONS = 200
const LATENCY_US = 1_000
const RESULT = '"result":'
/** Percent of all requests, what is in every right answer, and the request. */
const CLASSES = [
  { name: 'status', weight: 60, expect: RESULT, method: 'get_camera_status', params: { device: 'camera3' } },
  { name: 'list', weight: 15, expect: RESULT, method: 'get_camera_list' },
  { name: 'ping', weight: 10, expect: RESULT, method: 'ping' },
  { name: 'unknown', weight: 4, expect: '"code":-32601', method: 'no_such_method' },
  { name: 'wrong', weight: 3, expect: '"code":-32602', method: 'get_camera_status', params: { device: 5 } },
  { name: 'denied', weight: 3, expect: '"code":-32002', method: 'get_metrics' },
  { name: 'control', weight: 5, expect: RESULT, method: 'get_streams' },
]
const CHEAP = CLASSES.filter(({ name }) => name !== 'control')

export async function run({ quick }) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-mixed-'))
  const mediamtx = await startMediamtx()
  try {
    const service = await startRpcService({ config: { MEDIAMTX_MODE: 'external', MEDIAMTX_API_PORT: mediamtx.port } })
    try {
      const target = {
        port: service.port,
        'server-pid': service.pid,
        token: await service.token('operator'),
        connections: CONNECTIONS,
      }
      const client = await service.client('operator')
      await eventually('MediaMTX is up', () => client.call('get_streams').then(Array.isArray, () => false))
      const loads = { all: await mix(folder, CLASSES), cheap: await mix(folder, CHEAP) }
      // New code is compiled first.
      await generate({ ...target, ...loads.all, warmup: 0.5, seconds: 2 })
      const result = await judgeTwice((rounds) => measure(target, loads, rounds), quick ? 3 : 5)
      publish('rpc-mixed', line(result), result)
      return failures('rpc-mixed', result)
    } finally {
      await service.stop()
    }
  } finally {
    await mediamtx.stop()
    await rm(folder, { recursive: true })
  }
}

/**
 * One that can run our notifier, so that nothing is published: otherwise sixteen encoders share the service's core. It takes next to
 * nothing of the generator's, where it would make that one late.
 */
function startMediamtx() {
  const program = resolve(import.meta.dirname, '../out/mediamtx')
  const config = { rtspAddress: '127.0.0.1:8554', hls: false, webrtc: false }
  return startServer([program, String(LATENCY_US), JSON.stringify(config)], GENERATOR_CORE)
}

/** File and rate: the cheap ones come as often without the others. */
async function mix(folder, classes) {
  const percent = classes.reduce((sum, { weight }) => sum + weight, 0)
  const file = join(folder, String(percent))
  const text = ({ method, params }) => JSON.stringify({ jsonrpc: '2.0', id: 1_000_000, method, params })
  await writeFile(file, classes.map((one) => `${one.name}\t${one.weight}\t${one.expect}\t${text(one)}\n`).join(''))
  return { mix: file, rate: (RATE * percent) / 100 }
}

async function measure(target, loads, rounds) {
  const load = (which) => () => generate({ ...target, ...loads[which], warmup: 0.3, seconds: 2 })
  const values = await interleave({ all: load('all'), cheap: load('cheap') }, rounds)
  const ratiosOf = (name) => values.all.map((one, round) => p95(one, name) / p95(values.cheap[round], name))
  // The class that suffers most decides.
  const [worst] = CHEAP.map(({ name }) => ({ name, ratios: ratiosOf(name) })).sort((a, b) => median(b.ratios) - median(a.ratios))
  const classes = Object.fromEntries(
    CLASSES.map(({ name }) => [name, merged(values.all.map(({ classes }) => classes[name].latencyNs))]),
  )
  return { rounds, classes, worst, wrong: wrongOf(values), verdict: judge(worst.ratios, { atMost: 1.3 }) }
}

const p95 = ({ classes }, name) => classes[name].latencyNs.p95
const wrongOf = ({ all, cheap }) => [...all, ...cheap].reduce((sum, { wrong }) => sum + wrong, 0)

function line({ classes, worst, wrong, verdict }) {
  return [
    `p95 ${CLASSES.map(({ name }) => `${name} ${duration(classes[name].p95)}`).join(', ')}`,
    `${worst.name} without control: ${ratioText(verdict)}`,
    `${wrong} wrong answers`,
  ]
}
