// From the death of our own MediaMTX until another has all paths and is known to be up, against the program's own start.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../dist/base/clock.js'
import { createMedia } from '../../dist/media/index.js'
import { eventually } from '../../test/vm/guest/support/wait.mjs'
import { STAND_IN, startMediamtx } from '../support/mediamtx.mjs'
import { duration, publish } from '../support/report.mjs'
import { silent } from '../support/silent.mjs'
import { median, summarise } from '../support/stats.mjs'
import { failures } from '../support/verdict.mjs'

const CAMERAS = Array.from({ length: 16 }, (_, at) => ({ device: `camera${at}`, width: 640, height: 480, fps: 30 }))
const MOST_NS = 0.5e9

export async function run({ quick }) {
  const rounds = quick ? 3 : 9
  const values = { ours: [], start: [] }
  for (let round = 0; round < rounds; round++) {
    values.ours.push(await recovery())
    values.start.push(await programStart())
  }
  const excess = values.ours.map((ns, round) => ns - values.start[round])
  const verdict = { ...summarise(excess), status: median(excess) <= MOST_NS ? 'ok' : 'FAILED' }
  const result = { rounds, program: process.env.MEDIAMTX_BIN === undefined ? 'stand-in' : 'real', values, verdict }
  const line = [
    `${result.program}, ${CAMERAS.length} paths`,
    `back after ${duration(median(values.ours))} [${duration(Math.min(...values.ours))}–${duration(Math.max(...values.ours))}]`,
    `start of the stand-in ${duration(median(values.start))}`,
    `${duration(Math.max(0, verdict.median))} more, gate ≤ ${duration(MOST_NS)}`,
  ]
  publish('recovery', line, result)
  return failures('recovery', result)
}

const isUp = (media) => media.state === 'up' && CAMERAS.every(({ device }) => media.path(device) !== undefined)

/** Nanoseconds. Each time a service of its own: one that saw deaths within the last minute waits longer and longer. */
async function recovery() {
  const stateDir = await mkdtemp(join(tmpdir(), 'bench-recovery-'))
  const media = createMedia({
    feeds: { list: () => CAMERAS, onChange: () => () => undefined, open: () => Promise.reject(new Error('no frames here')) },
    cameras: { exists: () => true },
    ...{ clock: systemClock, logger: silent, stateDir, searchPath: process.env.PATH, mode: 'managed', ports: 'free' },
    binary: process.env.MEDIAMTX_BIN ?? STAND_IN,
  })
  try {
    await media.start(new AbortController().signal)
    await eventually('MediaMTX is up', () => isUp(media), { timeoutMs: 30_000, everyMs: 2 })
    const before = media.serverPid
    const begin = process.hrtime.bigint()
    process.kill(before, 'SIGKILL')
    await eventually('another is up', () => media.serverPid !== before && isUp(media), { timeoutMs: 60_000, everyMs: 2 })
    return Number(process.hrtime.bigint() - begin)
  } finally {
    await media.stop()
    await rm(stateDir, { recursive: true, force: true })
  }
}

async function programStart() {
  const begin = process.hrtime.bigint()
  const server = await startMediamtx()
  const ns = Number(process.hrtime.bigint() - begin)
  await server.stop()
  return ns
}
