// Asking a camera for everything (vivid in the virtual machine, some 4 700 questions), against a bare loop of the same ioctls and
// against v4l2-ctl as a whole process.
import { duration, publish } from '../support/report.mjs'
import { median } from '../support/stats.mjs'
import { failures, judge, ratioText } from '../support/verdict.mjs'
import { runInVm } from '../support/vm.mjs'

export async function run({ quick }) {
  const rounds = quick ? 7 : 21
  const values = await runInVm(`bench/out/probe /dev/video0 ${rounds}`)
  const toBare = judge(
    values.ours.map((ns, round) => ns / values.bare[round]),
    { atMost: 1.5 },
  )
  const toTool = judge(
    values.ours.map((ns, round) => values.v4l2ctl[round] / ns),
    { atLeast: 3 },
  )
  // A probe that asks less than the bare loop would be fast for the wrong reason.
  if (values.ioctls.ours !== values.ioctls.bare) toBare.status = 'FAILED'
  const result = (verdict) => ({ rounds, values, verdict })

  const ours = `ours ${duration(median(values.ours))} ${values.ioctls.ours} ioctls`
  publish(
    'probe bare',
    [ours, `bare loop ${duration(median(values.bare))} ${values.ioctls.bare} ioctls`, ratioText(toBare)],
    result(toBare),
  )
  publish(
    'probe v4l2-ctl',
    [ours, `v4l2-ctl ${duration(median(values.v4l2ctl))}`, `times faster: ${ratioText(toTool)}`],
    result(toTool),
  )
  return [...failures('probe bare', { verdict: toBare }), ...failures('probe v4l2-ctl', { verdict: toTool })]
}
