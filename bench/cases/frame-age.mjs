// How old a frame is when its last byte has arrived, with 100 viewers; and what a viewer who reads 10 kB/s does to the others.
import { frames } from '../support/frames.mjs'
import { FPS, startBareSender, startOurs, view } from '../support/mjpeg.mjs'
import { duration, publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const PICTURES = { bytes: 34_000, width: 1280, height: 720 }
const VIEWERS = 100
const INTERVAL_NS = 1e9 / FPS
const SLOW_AT_MOST = 1.1

export async function run({ quick }) {
  const pictures = await frames(PICTURES)
  const servers = [await startOurs(pictures), await startBareSender(pictures)]
  try {
    const rounds = quick ? 2 : 11
    const result = await judgeTwice((times) => measure(servers, times, quick ? 1 : 2), rounds)
    publish('frame-age', line(result), result)
    const slow = { ...result, verdict: result.slowVerdict }
    publish('frame-age slow reader', slowLine(result), slow)
    return [...failures('frame-age', result), ...failures('frame-age slow reader', slow)]
  } finally {
    for (const server of servers) await server.stop()
  }
}

async function measure([ours, bare], rounds, seconds) {
  const load = (server, slow) => () => view(server, { viewers: VIEWERS, slow, warmup: 0.5, seconds })
  const values = await interleave({ ours: load(ours, 0), slow: load(ours, 1), bare: load(bare, 0) }, rounds)
  const p99 = ({ ageNs }) => ageNs.p99
  const intervals = (list) =>
    judge(
      list.map((one) => p99(one) / INTERVAL_NS),
      { atMost: 1, absolute: true },
    )
  const verdict = intervals(values.ours)
  if (verdict.status !== 'ok' && intervals(values.bare).status !== 'ok') verdict.status = 'invalid: the bare sender was late too'
  const slowVerdict = judge(
    values.slow.map((one, round) => p99(one) / p99(values.ours[round])),
    { atMost: SLOW_AT_MOST },
  )
  return { viewers: VIEWERS, rounds, values, verdict, slowVerdict }
}

const line = ({ values, verdict }) => [
  `ours ${ages(values.ours)}`,
  `bare sender ${ages(values.bare)}`,
  `p99 to one interval: ${ratioText(verdict)}`,
]

const slowLine = ({ values, slowVerdict }) => [
  `with one reader of 10 kB/s ${ages(values.slow)}`,
  `p99 to that without: ${ratioText(slowVerdict)}`,
]

const ages = (list) => {
  const of = (share) => duration(median(list.map(({ ageNs }) => ageNs[share])))
  return `p50 ${of('p50')} p99 ${of('p99')} max ${of('max')}`
}
