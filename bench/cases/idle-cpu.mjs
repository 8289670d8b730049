// Processor time and wake-ups of the service with four virtual cameras and no client, against a bare Node with a timer of one second.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { threadCpuNs } from '../support/process.mjs'
import { publish } from '../support/report.mjs'
import { failures, judge } from '../support/verdict.mjs'

const SETTLE_MS = 5_000
const MOST_MS_PER_MINUTE = 180
const MOST_WAKEUPS = 5

export async function run({ quick }) {
  const watchMs = quick ? 10_000 : 30_000
  const service = await startService({ args: ['--virtual-cameras', '4'] })
  const node = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  try {
    await pause(SETTLE_MS)
    const [ours, bare] = await Promise.all([watch(service.pid, watchMs), watch(node.pid, watchMs)])
    const shares = [ours.msPerMinute / MOST_MS_PER_MINUTE, ours.wakeups / MOST_WAKEUPS]
    const verdict = judge([Math.max(...shares)], { atMost: 1, absolute: true })
    const parts = [
      `ours ${ours.msPerMinute.toFixed(0)} ms/min gate ≤ ${MOST_MS_PER_MINUTE}`,
      `${ours.wakeups.toFixed(1)} wake-ups/s gate ≤ ${MOST_WAKEUPS}`,
      `node with a timer ${bare.msPerMinute.toFixed(0)} ms/min ${bare.wakeups.toFixed(1)} wake-ups/s`,
    ]
    publish('idle-cpu 4 cameras', parts, { watchMs, ours, bare, verdict })
    return failures('idle-cpu', { verdict })
  } finally {
    node.kill('SIGKILL')
    await once(node, 'exit')
    await service.stop()
  }
}

/** What the process did within `watchMs`, by thread too. */
async function watch(pid, watchMs) {
  const before = await look(pid)
  await pause(watchMs)
  const after = await look(pid)
  const threads = [...after.wakeups].map(([name, count]) => {
    const cpuMs = ((after.cpuNs.get(name) ?? 0) - (before.cpuNs.get(name) ?? 0)) / 1e6
    return { name, cpuMs, wakeups: count - (before.wakeups.get(name) ?? 0) }
  })
  const sum = (member) => threads.reduce((total, one) => total + one[member], 0)
  return { msPerMinute: (sum('cpuMs') * 60_000) / watchMs, wakeups: (sum('wakeups') * 1_000) / watchMs, threads }
}

async function look(pid) {
  const wakeups = new Map()
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    const status = await readFile(`/proc/${pid}/task/${thread}/status`, 'utf8')
    const name = /^Name:\s+(.+)$/m.exec(status)?.[1]
    const count = Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1])
    wakeups.set(name, (wakeups.get(name) ?? 0) + count)
  }
  return { cpuNs: await threadCpuNs(pid), wakeups }
}
