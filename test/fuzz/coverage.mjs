// How much of each parser the inputs in the tree reach, without what fuzzing finds: node test/fuzz/coverage.mjs [NAME ...]. A target names its
// parsers, and fails when fewer than 95 of 100 lines of one were run; the lines that were not are told. `service` is no single parser.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from './engine/build.mjs'
import { bundleMapped } from './engine/bundle.mjs'
import { NATIVE, programs, ROOT, scripts } from './engine/chosen.mjs'
import { doJobs } from './engine/jobs.mjs'
import { nativeLines } from './engine/native-lines.mjs'
import { scriptLines } from './engine/script-lines.mjs'

const LEAST_PERCENT = 95
// In the project, so that the packages are found.
const PROGRAMS = join(ROOT, 'build/fuzz-coverage')

const scratch = await mkdtemp(join(tmpdir(), 'fuzz-coverage-'))
const options = { programs: PROGRAMS, native: NATIVE, root: ROOT, scratch }
try {
  await mkdir(PROGRAMS, { recursive: true })
  const built = programs.length === 0 ? Promise.resolve() : build('--build-coverage')
  await bundleMapped(scripts, PROGRAMS)
  await doJobs([
    ...Object.keys(scripts).map((name) => async () => judged(name, await scriptLines(name, options))),
    ...programs.map((name) => () => built.then(async () => judged(name, await nativeLines(name, options)))),
  ])
} finally {
  await rm(scratch, { recursive: true, force: true })
}

function judged(name, { failure, lines = {} }) {
  if (failure !== undefined)
    return {
      passed: false,
      told: `${failure}\ncoverage ${name}: FAILED, it could not be counted, or an input in the tree is a finding`,
    }
  const parsers = Object.entries(lines).map(([parser, counts]) => looked(parser, counts))
  const passed = parsers.length > 0 && parsers.every((parser) => parser.passed)
  const told = parsers.map((parser) => `\n  ${parser.told}`).join('') || ' it names no parser'
  return { passed, told: `coverage ${name}:${passed ? '' : ' FAILED,'}${told}` }
}

function looked(parser, counts) {
  const all = Object.keys(counts).map(Number)
  const missed = all.filter((line) => counts[line] === 0)
  if (all.length === 0) return { passed: false, told: `${parser}: no lines, the target does not use it` }
  const percent = (100 * (all.length - missed.length)) / all.length
  const rest = missed.length === 0 ? '' : `, not ${missed.sort((a, b) => a - b).join(' ')}`
  return { passed: percent >= LEAST_PERCENT, told: `${parser}: ${percent.toFixed(1)} % of ${all.length} lines${rest}` }
}
