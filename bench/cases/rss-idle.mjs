// Resident memory of the idle service with two virtual cameras and no client, against a bare Node that only stays alive.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { startService } from '../../test/vm/guest/support/service.mjs'
import { memoryOf } from '../support/process.mjs'
import { publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'

/** A process that settles gives pages back; the method wants 5 s for it. */
const SETTLE_MS = 5_000

export async function run({ quick }) {
  const rounds = quick ? 1 : 3
  const values = { ours: [], node: [] }
  for (let round = 0; round < rounds; round++) {
    values.ours.push(await ofService())
    values.node.push(await ofBareNode())
  }
  const verdict = judge(
    values.ours.map(({ rss }, round) => rss / values.node[round].rss),
    { atMost: 2.2 },
  )
  const text = (list) =>
    `${megabytes(median(list.map(({ rss }) => rss)))} (private ${megabytes(median(list.map(({ privateBytes }) => privateBytes)))})`
  publish('rss-idle', [`ours ${text(values.ours)}`, `node ${text(values.node)}`, ratioText(verdict)], { rounds, values, verdict })
  return failures('rss-idle', { verdict })
}

async function ofService() {
  const service = await startService({ args: ['--virtual-cameras', '2'] })
  try {
    await pause(SETTLE_MS)
    return await memoryOf(service.pid)
  } finally {
    await service.stop()
  }
}

async function ofBareNode() {
  // In the environment that ours gets: a variable such as NODE_EXTRA_CA_CERTS makes Node load more.
  const env = { PATH: process.env.PATH }
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e9)'], { env, stdio: 'ignore' })
  try {
    await pause(SETTLE_MS)
    return await memoryOf(child.pid)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
