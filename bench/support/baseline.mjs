// The ratios that were measured when the last word on them was spoken (bench/baseline.json, made by `npm run bench -- --save-baseline`).
// A bench whose ratio is worse than that by more than the noise has become slower, even where its gate still holds.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

const FILE = resolve(import.meta.dirname, '../baseline.json')
/** A ratio may be worse by this share, or by how far the rounds of the baseline were apart when that is more, up to the most. */
const LEAST_MARGIN = 0.25
const MOST_MARGIN = 0.5

const kept = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : { benches: {} }

/** `{ ratio, worst }`, the ratio kept for this bench and the worst one allowed; undefined when none is, or its gate was moved. */
export function baselineOf(name, { bound, gate }) {
  const known = kept.benches[name]
  if (known === undefined || known.bound !== bound || known.gate !== gate) return undefined
  const margin = Math.min(MOST_MARGIN, Math.max(LEAST_MARGIN, (known.max - known.min) / known.ratio))
  return { ratio: known.ratio, worst: bound === '≥' ? known.ratio * (1 - margin) : known.ratio * (1 + margin) }
}

/** Whether the rounds say that it became worse: not the median alone, which noise moves, but the best of them too. */
export function isWorse({ bound, median, min, max, noisy }, { worst }) {
  if (noisy) return false
  const best = bound === '≥' ? max : min
  return bound === '≥' ? median < worst && best < worst * 1.1 : median > worst && best > worst * 0.9
}

/** `verdicts`: name → verdict. Those of benches that did not run stay. */
export function saveBaseline(verdicts, machine) {
  const benches = { ...kept.benches }
  for (const [name, { median, min, max, gate, bound, status, absolute }] of Object.entries(verdicts)) {
    if (status === 'ok' && absolute === false)
      benches[name] = { ratio: round(median), min: round(min), max: round(max), bound, gate }
  }
  const sorted = Object.fromEntries(Object.entries(benches).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(FILE, `${JSON.stringify({ machine, benches: sorted }, undefined, 1)}\n`)
}

const round = (value) => Number(value.toPrecision(3))
