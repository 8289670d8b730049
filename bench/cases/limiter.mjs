// The rate limit's check of one request with 100 000 clients. The gate is a time, 200 ns; a Map's get and set says what machine this is.
import { runHost } from '../support/host.mjs'
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const MOST_NS = 200

export async function run({ quick }) {
  const failed = []
  for (const outcome of ['admitted', 'refused']) {
    const result = await judgeTwice((rounds) => measure(outcome, rounds), quick ? 5 : 9)
    const name = `limiter ${outcome}, 100 000 clients`
    const parts = [`ours ${duration(median(result.ours))}`, `Map get and set ${duration(median(result.map))}`]
    publish(name, [...parts, `of ${MOST_NS} ns: ${ratioText(result.verdict)}`], result)
    failed.push(...failures(name, result))
  }
  return failed
}

async function measure(outcome, rounds) {
  const { values } = await runHost('limiter', [rounds])
  const verdict = judge(
    values[outcome].map((ns) => ns / MOST_NS),
    { atMost: 1, absolute: true },
  )
  return { rounds, ours: values[outcome], map: values.Map, verdict }
}
