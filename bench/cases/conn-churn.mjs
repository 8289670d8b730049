// 1 000 clients a second come, log in, subscribe and go: what each leaves behind in memory, garbage collected, and what it does to the p95
// of the calls of 100 others.
import { setTimeout as pause } from 'node:timers/promises'
import { arrive, SUBSCRIBE } from '../support/arrivals.mjs'
import { startCollectedService } from '../support/probed-service.mjs'
import { memoryOf } from '../support/process.mjs'
import { duration, publish } from '../support/report.mjs'
import { percent } from '../support/rpc.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

const RATE = 1_000
const SECONDS = 60
const QUICK_SECONDS = 20
/** So many come and go first: what is asked for is the slope, not the first step. */
const FIRST_SECONDS = 5
const SETTLE_MS = 5_000
const MOST_BYTES = 64
const MOST_TIMES = 1.5

export async function run({ quick }) {
  const seconds = quick ? QUICK_SECONDS : SECONDS
  const { service, look, stop } = await startCollectedService({})
  try {
    const token = await service.token('viewer')
    // The index of files has a thread of its own, which begins when somebody asks for it, or with the first cleanup.
    await (await service.client('viewer')).call('list_recordings')
    const server = { port: service.port, pid: service.pid, token, setup: SUBSCRIBE, rate: RATE }
    const settled = async () => {
      await pause(SETTLE_MS)
      await look()
      return (await memoryOf(service.pid)).anonymous
    }
    await arrive({ ...server, seconds: FIRST_SECONDS })
    const before = await settled()
    const found = await arrive({ ...server, seconds, others: 100, 'others-rate': 1_000, 'others-token': token, before: 10 })
    const bytes = ((await settled()) - before) / found.arrived
    return [...publishSlope(bytes, found), ...publishOthers(found)]
  } finally {
    await stop()
  }
}

function publishSlope(bytes, found) {
  const name = `conn-churn memory ${RATE}/s`
  const verdict = judge([bytes / MOST_BYTES], { atMost: 1, absolute: true })
  const parts = [
    `${found.arrived} came and went`,
    `${bytes.toFixed(0)} B left by each gate ≤ ${MOST_BYTES} B`,
    `p95 to ready ${duration(found.readyNs.p95)}`,
    `cpu ${duration(found.cpuNs)} each`,
  ]
  publish(name, parts, { bytes, found, verdict })
  return failures(name, { verdict })
}

function publishOthers({ othersBeforeNs, othersNs, serverBusy, generatorBusy }) {
  const name = `conn-churn others ${RATE}/s`
  const verdict = judge([othersNs.p95 / othersBeforeNs.p95], { atMost: MOST_TIMES })
  const text = ({ p50, p95, p99 }) => [p50, p95, p99].map(duration).join(' / ')
  const parts = [
    `p50 / p95 / p99 of 100 others ${text(othersNs)}`,
    `before ${text(othersBeforeNs)}`,
    ratioText(verdict),
    `server ${percent(serverBusy)} gen ${percent(generatorBusy)}`,
  ]
  publish(name, parts, { othersBeforeNs, othersNs, verdict })
  return failures(name, { verdict })
}
