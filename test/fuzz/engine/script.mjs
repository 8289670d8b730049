// A target in TypeScript, bundled and instrumented, in a process of its own.
import { join } from 'node:path'
import { ended, spawnIdle } from './idle.mjs'

const HEAP_MB = 512

export async function runScript(name, { seconds, seed, programs }) {
  const words = [
    `--max-old-space-size=${HEAP_MB}`,
    join(programs, 'fuzz-process.mjs'),
    join(programs, `${name}.mjs`),
    seconds,
    seed,
  ]
  const { code, signal, output } = await ended(
    spawnIdle(process.execPath, words.map(String), { stdio: ['ignore', 'pipe', 'pipe'] }),
  )
  const result = resultIn(output)
  if (code !== 0 || result === undefined) {
    return { passed: false, told: `${output}\nfuzz ${name}: FAILED, ended with ${signal ?? code} (FUZZ_SEED=${seed})` }
  }
  const { executions, branches, all, kept, finding } = result
  const work = `${result.seconds.toFixed(1)} s of processor time, ${executions} executions, ${branches} of ${all} branches, ${kept} inputs kept`
  if (finding === undefined) return { passed: true, told: `fuzz ${name}: ${work}, nothing found` }
  return {
    passed: false,
    told: `${finding.error}\ninput, base64: ${finding.input}\nfuzz ${name}: FAILED after ${work} (FUZZ_SEED=${seed})`,
  }
}

/** Its last line. */
export function resultIn(output) {
  try {
    return JSON.parse(output.trim().split('\n').at(-1) ?? '')
  } catch {
    return undefined
  }
}
