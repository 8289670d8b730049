// Where results go: one line on stdout, everything behind it into out/NAME.json.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join, resolve } from 'node:path'
import { baselineOf, isWorse } from './baseline.mjs'

const OUT = resolve(import.meta.dirname, '../out')

/** Numbers of the run that belong to no single case. */
export function environment() {
  return {
    node: process.version,
    kernel: release(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    commit: commit(),
    limits: JSON.parse(execFileSync(join(OUT, 'limits'), { encoding: 'utf8' })),
  }
}

function commit() {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', cwd: import.meta.dirname }).trim()
  } catch {
    return 'unknown'
  }
}

/** What was published in this process: name → verdict. */
export const published = {}

/**
 * Prints the line and keeps the result. The line's last part is the verdict's word; it becomes `WORSE` when the gate holds and the
 * baseline does not.
 */
export function publish(name, parts, result) {
  const { verdict } = result
  const baseline = baselineOf(name, verdict)
  if (baseline !== undefined && verdict.status === 'ok' && isWorse(verdict, baseline)) verdict.status = 'WORSE'
  const known = baseline === undefined ? [] : [`baseline ${baseline.ratio}`]
  console.log([name, ...parts, ...known, verdict.status].join(' | '))
  published[name] = verdict
  mkdirSync(OUT, { recursive: true })
  const file = `${name.replaceAll(/[^\w.=-]+/g, '-')}.json`
  writeFileSync(join(OUT, file), `${JSON.stringify({ name, ...result }, undefined, 1)}\n`)
}

/** 131k/s, 2.4M/s. */
export const rate = (perSecond) =>
  perSecond >= 1e6
    ? `${(perSecond / 1e6).toFixed(2)}M/s`
    : perSecond >= 1e4
      ? `${Math.round(perSecond / 1e3)}k/s`
      : `${Math.round(perSecond)}/s`

/** 812 ns, 1.40 ms. */
export function duration(ns) {
  if (ns < 1e3) return `${ns.toFixed(0)} ns`
  if (ns < 1e6) return `${(ns / 1e3).toFixed(1)} µs`
  return ns < 1e9 ? `${(ns / 1e6).toFixed(2)} ms` : `${(ns / 1e9).toFixed(2)} s`
}
