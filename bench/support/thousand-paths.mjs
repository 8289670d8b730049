// What reading 1 000 paths in pages of 100 costs: bare, compared with the desired ones, and as a whole pass of the reconciler.
import { parsePathConfigs } from '../../dist/media/api/wire.js'
import { planPaths } from '../../dist/media/paths/plan.js'
import { Reconciler } from '../../dist/media/paths/reconciler.js'
import { desiredPaths, printedConfig } from './mediamtx.mjs'
import { duration, publish } from './report.mjs'
import { interleave } from './rounds.mjs'
import { silent } from './silent.mjs'
import { median } from './stats.mjs'
import { failures, judge, judgeTwice, ratioText } from './verdict.mjs'

const PATHS = 1_000
const PAGE = 100

/** Compares two of `JSON.parse`, `list` (read and compared) and `pass`. */
export async function compareReading({ name, ours, peer, atMost, quick }) {
  const desired = await desiredPaths(PATHS)
  const items = [...desired].map(([name, body]) => ({ name, ...printedConfig(body) }))
  const pages = Array.from({ length: PATHS / PAGE }, (_, at) =>
    JSON.stringify({ itemCount: PATHS, pageCount: PATHS / PAGE, items: items.slice(at * PAGE, (at + 1) * PAGE) }),
  )
  const read = () => pages.flatMap((page) => parsePathConfigs(JSON.parse(page)).items)
  const reconciler = new Reconciler({ instance: 'bench', takeOver: false, clock: { nowMs: () => 0 }, logger: silent })
  const idle = { listPathConfigs: async () => read(), replacePath: unexpected, deletePath: unexpected }
  const variants = {
    list: () => timed(() => planPaths({ desired, actual: read(), instance: 'bench', written: new Set(), takeOver: false })),
    'JSON.parse': () => timed(() => pages.map((page) => JSON.parse(page))),
    pass: () => timed(() => reconciler.pass(idle, { get: () => desired, mayRemove: () => true })),
  }
  const result = await judgeTwice(
    (count) => measure({ ours: variants[ours], peer: variants[peer] }, atMost, count),
    quick ? 11 : 41,
  )
  const sizes = `${PATHS} paths, ${Math.round(pages.join('').length / 1e3)} kB`
  const [took, against] = [median(result.values.ours), median(result.values.peer)]
  publish(name, [sizes, `ours ${duration(took)}`, `${peer} ${duration(against)}`, ratioText(result.verdict)], result)
  return failures(name, result)
}

async function measure(variants, atMost, rounds) {
  await interleave(variants, 5)
  const values = await interleave(variants, rounds)
  return {
    rounds,
    values,
    verdict: judge(
      values.ours.map((ns, round) => ns / values.peer[round]),
      { atMost },
    ),
  }
}

/** Nanoseconds. */
async function timed(work) {
  const begin = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - begin)
}

async function unexpected() {
  throw new Error('there is nothing to write')
}
