// A camera of 30 frames a second and many viewers: each sees every frame, at the processor time of a sender that does nothing else.
import { frames } from '../support/frames.mjs'
import { boundBy } from '../support/gen.mjs'
import { FPS, startBareSender, startOurs, view } from '../support/mjpeg.mjs'
import { publish } from '../support/report.mjs'
import { interleave } from '../support/rounds.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, judgeTwice, ratioText } from '../support/verdict.mjs'

const CASES = [
  { pictures: { bytes: 34_000, width: 1280, height: 720 }, viewers: 1_000 },
  { pictures: { bytes: 160_000, width: 1920, height: 1080 }, viewers: 1_000 },
]
const CPU_AT_MOST = 1.2
/** Share of the camera's rate that the slowest viewer must see. */
const RATE_AT_LEAST = 0.99

export async function run({ quick }) {
  const failed = []
  for (const { pictures, viewers } of quick ? CASES.slice(0, 1) : CASES) {
    const name = `mjpeg-fanout ${pictures.bytes / 1000} kB n=${viewers}`
    const shown = await frames(pictures)
    const servers = [await startOurs(shown), await startBareSender(shown)]
    try {
      const result = await judgeTwice((rounds) => measure(servers, { viewers, rounds }), quick ? 2 : 7)
      publish(name, line(result), result)
      failed.push(...failures(name, result))
    } finally {
      for (const server of servers) await server.stop()
    }
  }
  return failed
}

async function measure([ours, bare], { viewers, rounds }) {
  const load = (server) => () => view(server, { viewers, warmup: 0.7, seconds: 2 })
  const values = await interleave({ ours: load(ours), bare: load(bare) }, rounds)
  const ratios = values.ours.map(({ cpuUs }, round) => cpuUs / values.bare[round].cpuUs)
  const verdict = judge(ratios, { atMost: CPU_AT_MOST })
  const rateOf = (list) =>
    judge(
      list.map(({ fps }) => fps.min / FPS),
      { atLeast: RATE_AT_LEAST },
    )
  const rate = rateOf(values.ours)
  const saturated = values.ours.find(({ generatorBusy }) => generatorBusy >= 0.9)
  if (rate.status !== 'ok') verdict.status = `${rate.status}: a viewer saw less than 99 % of the frames`
  if (rate.status !== 'ok' && rateOf(values.bare).status !== 'ok')
    verdict.status = 'invalid: the bare sender could not keep the rate either'
  if (saturated !== undefined) verdict.status = `invalid: ${boundBy(saturated)}`
  return { viewers, rounds, values, ratios, rate, verdict }
}

function line({ values, verdict }) {
  const of = (list, member) => median(list.map(member))
  const seen = (list) => `slowest viewer ${of(list, ({ fps }) => fps.min).toFixed(2)} fps`
  const cpu = (list) => `${of(list, ({ cpuUs }) => cpuUs).toFixed(2)} µs per frame and viewer`
  return [
    `ours ${seen(values.ours)}, ${cpu(values.ours)}`,
    `bare sender ${seen(values.bare)}, ${cpu(values.bare)}`,
    ratioText(verdict),
    `server ${percent(of(values.ours, ({ serverBusy }) => serverBusy))} gen ${percent(of(values.ours, ({ generatorBusy }) => generatorBusy))}`,
  ]
}

const percent = (share) => `${Math.round(share * 100)} %`
