/** A kill at any moment of a change leaves the old file or the new one. */

import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const HERE = join(import.meta.dirname, 'kill')
const KILLS = 1000
/** Two processes, two processors. */
const LANES = 2

interface Seen {
  readonly kills: number
  /** Different contents that were found. */
  readonly contents: number
  readonly broken: readonly string[]
  /** Kills that came during a write. */
  readonly cut: number
  readonly left: readonly string[]
}

it('13.6 after each of 1000 kills during changes the file parses and is whole, and a start leaves nothing beside it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'camera-kill-'))
  const library = join(folder, 'fork.so')
  execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, join(HERE, 'fork.c'), '-ldl'])
  const env = { ...process.env, LD_PRELOAD: library, NODE_OPTIONS: '' }
  const lane = async (number: number): Promise<Seen> => {
    const own = join(folder, String(number))
    mkdirSync(own)
    const argv = [
      '--single-threaded',
      '--v8-pool-size=0',
      join(HERE, 'writers.mjs'),
      join(own, 'config.json'),
      String(KILLS / LANES),
    ]
    return JSON.parse((await promisify(execFile)(process.execPath, argv, { env })).stdout) as Seen
  }
  try {
    const lanes = await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
    for (const { kills, broken, left } of lanes) {
      expect(kills).toBe(KILLS / LANES)
      expect(broken).toEqual([])
      expect(left).toEqual(['config.json'])
    }
    // The kills were worth something: writes were cut and writes were done.
    expect(lanes.reduce((sum, { cut }) => sum + cut, 0)).toBeGreaterThan(KILLS / 20)
    expect(lanes.reduce((sum, { contents }) => sum + contents, 0)).toBeGreaterThan(KILLS / 20)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 240_000)
