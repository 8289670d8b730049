/** a kill at each call that changes the disk leaves the old content or the new one. */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seed } from '../support/rows.js'

const HERE = join(import.meta.dirname, 'kill')
const MAX_CALLS = 40

it('R-31: the n-th write, fsync, rename, link, unlink or close is the last, for every n', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealed-kill-'))
  try {
    const library = join(folder, 'nth.so')
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, join(HERE, 'nth.c'), '-ldl'])
    const env = { ...process.env, LD_PRELOAD: library, NODE_OPTIONS: '' }
    const state = join(folder, 'state')
    /** What a later start reads, and whether the save was told as done. */
    const run = (number: number, calls: number): { readonly had: string; readonly saved: boolean; readonly killed: boolean } => {
      const { stdout, signal, stderr } = spawnSync(
        process.execPath,
        [join(HERE, 'sealed.mjs'), join(state, 'file.json'), String(number), String(calls)],
        {
          env,
          encoding: 'utf8',
        },
      )
      const had = /^had (.*)$/m.exec(stdout)?.[1]
      if (had === undefined) throw new Error(`nothing was read: ${stderr}`)
      return { had, saved: stdout.includes('saved'), killed: signal === 'SIGKILL' }
    }
    /** What each generation holds, both of them whole. */
    const generations = (): readonly number[] =>
      ['file.json', 'file.json.old'].map((name) => {
        const { content } = JSON.parse(readFileSync(join(state, name), 'utf8')) as {
          content: { number: number; filling: string }
        }
        expect(content.filling).toHaveLength(10_000)
        return content.number
      })
    expect(run(0, 1_000)).toEqual({ had: 'undefined', saved: true, killed: false })
    expect(run(0, 1_000)).toEqual({ had: '0', saved: true, killed: false })
    let durable = 0
    let kills = 0
    for (let calls = 0; calls < MAX_CALLS; calls += 1) {
      const number = calls + 1
      const { had, saved, killed } = run(number, calls)
      // Either the last that was acknowledged, or the one whose acknowledgement the kill cut off.
      expect([durable, number - 1].map(String)).toContain(had)
      durable = Number(had)
      if (saved) durable = number
      const [now = -1, before = -1] = generations()
      expect([durable, number]).toContain(now)
      expect(before).toBeLessThanOrEqual(now)
      if (!killed) break
      kills += 1
    }
    expect(kills).toBeGreaterThan(4)
    expect(kills).toBeLessThan(MAX_CALLS - 1)
    run(99, 1_000)
    expect(readdirSync(state).sort()).toEqual(['file.json', 'file.json.old'])
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 120_000)

const KILLS = 1_000

it('R-31: each of 1000 kills at random moments leaves a whole file, never an older one, and a start clears the rest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealed-kills-'))
  try {
    const library = join(folder, 'fork.so')
    execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, join(HERE, 'fork.c'), '-ldl'])
    mkdirSync(join(folder, 'state'))
    const program = [
      join(HERE, 'sealed-writers.mjs'),
      join(folder, 'state', 'file.json'),
      String(KILLS),
      String(seed('random kills')),
    ]
    const { stdout, stderr } = spawnSync(process.execPath, ['--single-threaded', '--v8-pool-size=0', ...program], {
      env: { ...process.env, LD_PRELOAD: library, NODE_OPTIONS: '' },
      encoding: 'utf8',
    })
    if (stdout === '') throw new Error(stderr)
    const seen = JSON.parse(stdout) as { kills: number; contents: number; broken: string[]; cut: number; left: string[] }
    expect(seen).toMatchObject({ kills: KILLS, broken: [] })
    expect(seen.left.sort()).toEqual(['file.json', 'file.json.old'])
    // The kills were worth something: writes were cut, and writes were done.
    expect(seen.cut).toBeGreaterThan(KILLS / 20)
    expect(seen.contents).toBeGreaterThan(KILLS / 20)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 240_000)
