// A gate is a bound on a ratio to a peer of the same run.
import { summarise } from './stats.mjs'

/**
 * `ratios`: one per round. `atLeast` or `atMost`: the gate. Answers the summary with `status`: `ok`, `FAILED`, or `noisy` when the
 * rounds are too far apart to say so. `absolute`: the ratio is to a limit that is no measurement, so it is good for this machine only and
 * not for the baseline.
 */
export function judge(ratios, { atLeast, atMost, absolute = false }) {
  const summary = summarise(ratios)
  const held = atLeast === undefined ? summary.median <= atMost : summary.median >= atLeast
  return {
    ...summary,
    absolute,
    gate: atLeast ?? atMost,
    bound: atLeast === undefined ? '≤' : '≥',
    status: held ? 'ok' : summary.noisy ? 'noisy' : 'FAILED',
  }
}

/** Measures; a noisy miss is measured once more with twice the rounds, and the second answer stands. */
export async function judgeTwice(measure, rounds) {
  const first = await measure(rounds)
  return first.verdict.status === 'noisy' ? measure(rounds * 2) : first
}

/** What the run counts as failed: a missed gate and a measurement that is none. Noise, seen twice, is only said. */
export const failures = (name, { verdict }) => (verdict.status === 'ok' || verdict.status === 'noisy' ? [] : [name])

/** `ratio 1.82 [1.75–1.90] gate ≥ 1.4`. */
export const ratioText = ({ median, min, max, bound, gate }) =>
  `ratio ${digits(median)} [${digits(min)}–${digits(max)}] gate ${bound} ${gate}`

const digits = (value) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2))
