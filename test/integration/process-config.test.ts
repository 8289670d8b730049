/** Configurations that are wrong (reliability-security §2.2, R-21). */

import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, expect, it, vi } from 'vitest'
import { invalidConfig } from '../support/invalid-configs.js'
import { inTurns } from '../support/raw-ws.js'
import { extent, full, randomFrom, seed } from '../support/rows.js'
import { MAIN, startService } from '../support/service.js'

const DEADLINE = { timeout: 20_000, interval: 20 }

const folder = mkdtempSync(join(tmpdir(), 'process-config-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const INVALID = 200
/** A process each, in which most of the time goes into its start. */
const STARTS = [INVALID, 50] as const
/** Others use this machine's disk, too; a start that is too slow is so each time. */
const ATTEMPTS = 3
const TIMED_RUN = join(import.meta.dirname, '../support/timed_run.py')

it(`R-21: a wrong configuration (${extent('generated ones', ...STARTS)}) ends the start with 78, quickly, and with file, line, key, value and rule of each fault`, async () => {
  const random = randomFrom(seed('R-21'))
  const stateDir = join(folder, 'never-begun')
  mkdirSync(stateDir)
  const wrong = Array.from({ length: full(...STARTS) }, (_, number) => {
    const file = join(folder, `wrong-${number}.yaml`)
    return { file, ...invalidConfig(file, random) }
  })
  const took = await inTurns(wrong.length, 2, async (number) => {
    const { file, text, told } = wrong[number] ?? { file: '', text: '', told: [] }
    writeFileSync(file, text)
    let leastMs = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < ATTEMPTS && leastMs > 300; attempt += 1) {
      const { code, said, tookMs } = await timedStart(file, stateDir)
      leastMs = Math.min(leastMs, tookMs)
      expect(code, text).toBe(78)
      toldExactly(said.trimEnd().split('\n'), told, text)
    }
    return leastMs
  })
  expect(readdirSync(stateDir)).toEqual([])
  took.sort((a, b) => a - b)
  console.log(`R-21: exit 78 after ${took[took.length >> 1]?.toFixed(0)} ms in the middle, ${took.at(-1)?.toFixed(0)} ms at most`)
  expect(took.at(-1)).toBeLessThanOrEqual(300)
}, 120_000)

it(`R-21: ${INVALID} wrong configurations are told when they are reloaded, and nothing of them is in force`, async () => {
  const random = randomFrom(seed('R-21'))
  const file = join(folder, 'reloaded.yaml')
  const right = 'snapshots: {quality: 71}\nserver: {max_connections: 7}\n'
  writeFileSync(file, right)
  const service = await startService({ args: ['--config', file], env: { CAMERA_SERVICE_LOGGING_FORMAT: 'json' } })
  const records = (text: string) => {
    const lines = service.log().split('\n').slice(0, -1)
    return lines.filter((line) => line.includes(text)).map((line) => JSON.parse(line) as { readonly [member: string]: unknown })
  }
  for (let number = 1; number <= INVALID; number += 1) {
    const { text, told } = invalidConfig(file, random)
    writeFileSync(file, text)
    process.kill(service.pid, 'SIGHUP')
    const { faults } = await vi.waitFor(() => {
      const refused = records('the configuration was not reloaded')
      expect(refused, text).toHaveLength(number)
      return refused.at(-1) as { readonly faults: readonly string[] }
    }, DEADLINE)
    toldExactly(faults, told, text)
  }
  // What was in force is what the first file says, of all keys: to read that one again changes none.
  writeFileSync(file, right)
  process.kill(service.pid, 'SIGHUP')
  await vi.waitFor(() => expect(records('the configuration was reloaded')).toMatchObject([{ changed: [] }]), DEADLINE)
  expect(records('another value at the next start')).toEqual([])
  expect(await service.stop()).toBe(0)
}, 60_000)

interface TimedStart {
  readonly code: number
  readonly said: string
  readonly tookMs: number
}

async function timedStart(file: string, stateDir: string): Promise<TimedStart> {
  const child = spawn('python3', [TIMED_RUN, process.execPath, MAIN, 'run', '--config', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, CAMERA_SERVICE_STATE_DIR: stateDir },
  })
  return (await json(child.stdout)) as TimedStart
}

/** Each line that was told is one of those that had to be, and none is missing. */
function toldExactly(lines: readonly string[], wanted: readonly RegExp[], text: string): void {
  expect(lines, text).toHaveLength(wanted.length)
  for (const line of wanted) expect(lines, text).toContainEqual(expect.stringMatching(line))
}
