/** A MediaMTX of our own as a process: its start, its ends of every kind, its log (R-01, R-09, R-10a of the reliability rows). */

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { MediaOptions } from '../../src/media/index.js'
import { stopwatch } from '../support/processor-wait.js'
import { until } from '../support/until.js'
import { type MediaBench, openBench, processesOf, realMediamtx } from './media-bench.js'

const STAND_IN = join(import.meta.dirname, '../support/mediamtx-program.mjs')
/** No camera is published: hooks and publishers have tests of their own. */
const QUIET = { ffmpeg: '/bin/false' }

let bench: MediaBench
let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'supervisor-'))
})

afterEach(async () => {
  await bench.close()
  rmSync(dir, { recursive: true })
})

const programs = [
  ['a stand-in', STAND_IN] as const,
  ...[realMediamtx()].flatMap((real) => (real ? [['the real one', real] as const] : [])),
]

for (const [what, binary] of programs) {
  test(`R-01: ${what}, killed hard, is seen within a second, and another has all paths without a write`, async () => {
    const { media } = await open({ binary, ...QUIET }, ['camera0', 'camera1'])
    const states: string[] = []
    media.events.on('stateChanged', ({ state }) => states.push(state))
    const before = media.serverPid ?? 0
    process.kill(before, 'SIGKILL')
    await until('it is seen', () => media.state === 'down', 1_000)
    const took = stopwatch()
    await expect(media.startStreaming('camera0', 'h')).rejects.toMatchObject({ data: { dependency: 'MediaMTX' } })
    expect(took()).toBeLessThan(5)
    await until('another is up', () => media.state === 'up' && media.path('camera1') !== undefined, 3_000)
    expect(media.serverPid).not.toBe(before)
    expect(states).toEqual(['down', 'up'])
  })

  test(`R-10a: ${what}, ended with status 0 by its file, is started again with a good one`, async () => {
    const { media, stateDir, log } = await open({ binary, ...QUIET })
    const before = media.serverPid
    // The watcher of the real one begins a moment after its API.
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    writeFileSync(join(stateDir, 'mediamtx', 'mediamtx.json'), '{"nonsense": true')
    await until('another is up', () => media.state === 'up' && media.serverPid !== before)
    expect(media.path('camera0')).toBeDefined()
    expect(log.join('')).toMatch(/"state":"down","detail":"ended: [^"]+/)
  })

  test(`${what} is stopped with the service, and its version and log lines are ours`, async () => {
    const { media, stateDir, log } = await open({ binary, ...QUIET })
    expect(media.version).toMatch(/^v1\.\d+\.\d+$/)
    expect(log.some((line) => line.includes('"line":"MediaMTX v1.20.1') && line.includes('"level":"debug"'))).toBe(true)
    await media.stop()
    expect(processesOf(stateDir)).toEqual([])
  })
}

test('a program that ends at once is started again and again, later and later, and its reason is told', async () => {
  const count = join(dir, 'starts')
  const binary = script(
    `echo x >> ${count}\n[ -e ${dir}/well ] && exec ${STAND_IN} "$@"\necho 'ERR: json: unknown field "moq"'\nexit 1`,
  )
  bench = openBench({ mode: 'managed', ports: 'free', binary, ...QUIET })
  const { media } = bench
  await media.start(new AbortController().signal)
  await until('its reason is told', () => media.detail.includes('unknown field "moq"'))
  expect(media.state).toBe('down')
  // Also to those who ask between two starts, which is most of the time.
  await until('it waits for its turn', () => media.detail === 'MediaMTX is being restarted, it ended: json: unknown field "moq"')
  const starts = () => (existsSync(count) ? readFileSync(count, 'utf8').length / 2 : 0)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  // 100 ms doubled each time, with full jitter: a handful in three seconds, not hundreds.
  expect(starts()).toBeLessThan(30)
  await until('it was started again and again', () => starts() > 2)
  writeFileSync(join(dir, 'well'), '')
  await until('it is up', () => media.state === 'up', 15_000)
}, 30_000)

test('R-09: one that ignores the request to end is killed, and nothing is left', async () => {
  const binary = script(`STUBBORN=1 exec ${STAND_IN} "$@"`)
  const { media, stateDir } = await open({ binary, ...QUIET })
  const begin = performance.now()
  await media.stop()
  expect(performance.now() - begin).toBeGreaterThan(4_500)
  expect(processesOf(stateDir)).toEqual([])
}, 20_000)

test('a program that cannot be run is told by its name, and found when it is put there', async () => {
  const binary = join(dir, 'mediamtx')
  bench = openBench({ mode: 'managed', ports: 'free', binary, ...QUIET })
  const { media } = bench
  await media.start(new AbortController().signal)
  await until('its absence is told', () => media.detail.includes('no program is found'))
  expect(media.state).toBe('down')
  script(`exec ${STAND_IN} "$@"`)
  await until('it is up', () => media.state === 'up')
})

/** An executable `mediamtx` of this shell text. */
function script(text: string): string {
  const file = join(dir, 'mediamtx')
  writeFileSync(file, `#!/bin/sh\n${text}\n`)
  chmodSync(file, 0o755)
  return file
}

async function open(options: Partial<MediaOptions>, devices: readonly string[] = ['camera0']): Promise<MediaBench> {
  bench = openBench({ mode: 'managed', ports: 'free', ...options }, devices)
  await bench.media.start(new AbortController().signal)
  await until('it is up', () => bench.media.state === 'up')
  return bench
}
