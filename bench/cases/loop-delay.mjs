// How late the event loop's turns come, and how long the garbage collector stops it: at half of what the service can do, and at all of it.
// The machine's own lateness in the same run is what a timer can not be better than.
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { generate } from '../support/gen.mjs'
import { startProbedService } from '../support/probed-service.mjs'
import { duration, publish, rate } from '../support/report.mjs'
import { failures, judge } from '../support/verdict.mjs'

const LIMITS = resolve(import.meta.dirname, '../out/limits')
const MORE_NS = 5e6
const GC_P99_MS = 5
const GC_SHARE = 0.03
const CALL = { method: 'get_camera_list', connections: 100 }

export async function run({ quick }) {
  const seconds = quick ? 3 : 8
  const probed = await startProbedService()
  const failed = []
  try {
    const { service } = probed
    const target = { port: service.port, 'server-pid': service.pid, token: await service.token('operator'), ...CALL }
    const { perSecond } = await generate({ ...target, depth: 1, warmup: 1, seconds: 1 })
    const half = await seen(probed, { ...target, rate: Math.round(perSecond / 2), seconds })
    const full = await seen(probed, { ...target, depth: 16, seconds })
    const { hiccupNs } = JSON.parse(execFileSync('taskset', ['-c', '0', LIMITS], { encoding: 'utf8' }))
    failed.push(...publishDelay('half load', half, hiccupNs), ...publishDelay('full load, d=16', full, hiccupNs))
    failed.push(...publishGc(half))
  } finally {
    await probed.stop()
  }
  return failed
}

async function seen({ look }, load) {
  await look()
  const { perSecond } = await generate({ warmup: 0.1, ...load })
  return { perSecond, ...(await look()) }
}

function publishDelay(load, { perSecond, delayNs }, hiccupNs) {
  const name = `loop-delay ${load}`
  const mostNs = hiccupNs.p99 + MORE_NS
  const verdict = judge([delayNs.p99 / mostNs], { atMost: 1, absolute: true })
  const parts = [
    rate(perSecond),
    `p50 / p99 / max ${[delayNs.p50, delayNs.p99, delayNs.max].map(duration).join(' / ')}`,
    `hiccup p99 ${duration(hiccupNs.p99)}`,
    `p99 gate ≤ ${duration(mostNs)}`,
  ]
  publish(name, parts, { delayNs, hiccupNs, verdict })
  return failures(name, { verdict })
}

function publishGc({ pauses, cpuMs, seconds }) {
  const sorted = pauses.map(({ ms }) => ms).sort((a, b) => a - b)
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? 0
  const share = sorted.reduce((sum, ms) => sum + ms, 0) / cpuMs
  const verdict = judge([Math.max(p99 / GC_P99_MS, share / GC_SHARE)], { atMost: 1, absolute: true })
  const parts = [
    `${(sorted.length / seconds).toFixed(1)} pauses/s`,
    `p99 ${p99.toFixed(2)} ms gate ≤ ${GC_P99_MS} ms`,
    `longest ${(sorted.at(-1) ?? 0).toFixed(2)} ms`,
    `${(share * 100).toFixed(2)} % of its processor time gate ≤ ${GC_SHARE * 100} %`,
  ]
  publish('gc half load', parts, { pauses, cpuMs, seconds, verdict })
  return failures('gc half load', { verdict })
}
