// Measurements inside a process of their own: bench/hosts/NAME.mjs, on the server's core, prints what it found as one line of JSON.
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { SERVER_CORE } from './gen.mjs'
import { duration, publish, rate } from './report.mjs'
import { median } from './stats.mjs'
import { failures, judge, ratioText } from './verdict.mjs'

/** A young generation in which nothing is collected while allocations are counted. */
const FLAGS = ['--expose-gc', '--max-semi-space-size=128']

export async function runHost(name, args = []) {
  const [command, ...before] = SERVER_CORE
  const words = [...before, process.execPath, ...FLAGS, resolve(import.meta.dirname, `../hosts/${name}.mjs`), ...args.map(String)]
  const { stdout } = await promisify(execFile)(command, words, { maxBuffer: 16 * 1024 * 1024 })
  return JSON.parse(stdout.trim().split('\n').at(-1))
}

/**
 * A host that answers `{ values }`, nanoseconds per call by name and round, judged by `lines`: each compares `ours` with `peer`, as
 * times (`atMost`) or as speeds (`atLeast`). What is noisy is measured once more with twice the rounds.
 */
export async function compareInHost({ host, rounds, lines, more = () => [] }) {
  const verdictOf = ({ values }, { ours, peer, atMost, atLeast }) =>
    judge(
      values[ours].map((ns, round) => (atMost === undefined ? values[peer][round] / ns : ns / values[peer][round])),
      { atMost, atLeast },
    )
  let found = await runHost(host, [rounds])
  if (lines.some((line) => verdictOf(found, line).status === 'noisy')) found = await runHost(host, [rounds * 2])
  const failed = []
  for (const line of lines) {
    const verdict = verdictOf(found, line)
    const speed = (name) => `${duration(median(found.values[name]))} ${rate(1e9 / median(found.values[name]))}`
    const result = { rounds: found.values[line.ours].length, values: pick(found.values, line), verdict }
    const parts = [
      `ours ${speed(line.ours)}`,
      `${line.peerText ?? line.peer} ${speed(line.peer)}`,
      ratioText(verdict),
      ...more(found, line),
    ]
    publish(line.name, parts, result)
    failed.push(...failures(line.name, result))
  }
  return failed
}

const pick = (values, { ours, peer }) => ({ ours: values[ours], peer: values[peer] })
