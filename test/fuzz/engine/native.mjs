// A native target: libFuzzer, or what stands in for it where there is no clang, ended when it has had its processor time.
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ended, spawnIdle } from './idle.mjs'

/** No input may take longer of the processor. */
const SLOW_S = 5
/** Its time is looked at a few times a second. */
const ROUNDING_S = 1
/** libFuzzer's name for it. */
const TIMEOUT_CODE = 70
const MEMORY_MB = 1024
const ENVIRONMENT = { ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0', UBSAN_OPTIONS: 'print_stacktrace=1' }

export async function runNative(name, { seconds, native, scratch }) {
  const folder = join(scratch, name)
  // New inputs go to a scratch folder: a test run never changes the sources.
  const found = join(folder, 'new')
  await mkdir(found, { recursive: true })
  let [used, executions, branches] = [0, 0, 0]
  while (used < seconds) {
    const words = [`-timeout=${SLOW_S}`, `-rss_limit_mb=${MEMORY_MB}`, '-print_final_stats=1', `-artifact_prefix=${folder}/`]
    const dictionary = join('fuzz', `${name}.dict`)
    if (await isThere(join(native, dictionary))) words.push(`-dict=${dictionary}`)
    const child = begin(name, native, [...words, found, `fuzz/${name}_corpus`])
    const left = seconds - used
    // Asked to end, it ends well.
    const run = await ended(child, (soFar) => soFar >= left && child.kill('SIGUSR1'))
    used += run.seconds
    executions += Number(
      /stat::number_of_executed_units: +(\d+)/.exec(run.output)?.[1] ?? /#(\d+)\t[^#]*$/.exec(run.output)?.[1] ?? 0,
    )
    branches = Math.max(branches, ...[...run.output.matchAll(/ cov: (\d+) /g)].map(([, count]) => Number(count)))
    if (run.code === 0 && used >= seconds - ROUNDING_S) break
    // It looks at the clock on the wall, and the processor belongs to others.
    if (run.code === TIMEOUT_CODE && !(await isSlow(name, native, folder))) continue
    return {
      passed: false,
      told: `${tail(run.output)}\n${await artifacts(folder)}fuzz ${name}: FAILED, ended with ${run.signal ?? run.code}`,
    }
  }
  const work = `${used.toFixed(1)} s of processor time, ${executions} executions${branches > 0 ? `, ${branches} branches` : ''}`
  return { passed: true, told: `fuzz ${name}: ${work}, nothing found` }
}

/** Whether an input that took long on the clock takes as long of the processor. */
async function isSlow(name, native, folder) {
  for (const file of (await readdir(folder)).filter((each) => each.startsWith('timeout-'))) {
    let slow = false
    const child = begin(name, native, [join(folder, file)])
    const { code } = await ended(child, (seconds) => {
      slow ||= seconds >= SLOW_S
      if (slow) child.kill('SIGKILL')
    })
    if (slow || code !== 0) return true
  }
  return false
}

function begin(name, native, words) {
  const program = `build/fuzz/${name}_fuzz`
  return spawnIdle(program, words, { cwd: native, env: { ...process.env, ...ENVIRONMENT }, stdio: ['ignore', 'pipe', 'pipe'] })
}

function tail(output) {
  return output.split('\n').slice(-40).join('\n')
}

async function artifacts(folder) {
  const names = (await readdir(folder)).filter((name) => /^(crash|timeout|oom|leak)-/.test(name))
  const texts = await Promise.all(
    names.map(async (name) => `input, base64: ${(await readFile(join(folder, name))).subarray(0, 3_000).toString('base64')}\n`),
  )
  return texts.join('')
}

async function isThere(file) {
  return (await readFile(file).catch(() => undefined)) !== undefined
}
