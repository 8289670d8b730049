// limiter: one check of the rate limit, admitted and refused, among 100 000 clients in turn; and getting and setting an entry of a Map.
import { RateLimit } from '../../dist/auth/index.js'
import { systemClock } from '../../dist/base/clock.js'
import { timeTasks } from '../support/tasks.mjs'

const CLIENTS = 100_000
/** Prime, so that every client has its turn and no two in a row are neighbours. */
const STEP = 7_919

const open = new RateLimit({ requests: 1_000_000, windowMs: 1, clock: systemClock })
const shut = new RateLimit({ requests: 1, windowMs: 3_600_000, clock: systemClock })
const admitted = Array.from({ length: CLIENTS }, () => open.fresh())
const refused = Array.from({ length: CLIENTS }, () => shut.fresh())
for (const state of refused) shut.take(state)
const keys = Array.from({ length: CLIENTS }, (_, at) => `10.0.${at >> 8}.${at & 0xff}`)
const map = new Map(keys.map((key) => [key, 0]))

const of = (list, i) => list[(i * STEP) % CLIENTS]
const tasks = {
  admitted(i) {
    if (open.take(of(admitted, i)) > 0) throw new Error('refused')
  },
  refused(i) {
    if (shut.take(of(refused, i)) === 0) throw new Error('admitted')
  },
  Map(i) {
    const key = of(keys, i)
    map.set(key, (map.get(key) ?? 0) + 1)
  },
}
console.log(JSON.stringify({ values: await timeTasks(tasks, { rounds: Number(process.argv[2]), timeMs: 60 }) }))
