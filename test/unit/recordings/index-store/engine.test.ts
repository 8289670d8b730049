/** The index against a real folder: what is listed is what is there, whoever put it there. */

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { IndexEngine } from '../../../../src/recordings/index-store/engine.js'
import { stopwatch } from '../../../support/processor-wait.js'
import { extent, full, randomFrom, seed } from '../../../support/rows.js'

let base: string
let engine: IndexEngine | undefined

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'file-index-'))
})

afterEach(() => {
  engine?.close()
  engine = undefined
  rmSync(base, { recursive: true, force: true })
})

function open(): IndexEngine {
  engine = new IndexEngine({ file: join(base, 'files.db'), roots: { recording: join(base, 'r'), snapshot: join(base, 's') } })
  return engine
}

/** The younger the higher the number. */
function make(count: number, first = 0): void {
  mkdirSync(join(base, 'r'), { recursive: true })
  for (let number = first; number < first + count; number += 1) {
    const file = join(base, 'r', `clip_${String(number).padStart(6, '0')}.mp4`)
    writeFileSync(file, 'x'.repeat(number % 7))
    utimesSync(file, 1_000_000 + number, 1_000_000 + number)
  }
}

async function names(index: IndexEngine, limit = 1000, offset = 0): Promise<string[]> {
  await index.settled()
  return (await index.page('recording', limit, offset)).files.map(({ name }) => name)
}

async function until(holds: () => Promise<boolean>, limitMs = 5_000): Promise<number> {
  const elapsed = stopwatch()
  const startedMs = performance.now()
  while (!(await holds())) {
    if (performance.now() - startedMs > limitMs) throw new Error(`not within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return elapsed()
}

describe('pages', () => {
  it('are newest first, the same from both ends, and empty past the end', async () => {
    make(250)
    const index = open()
    const all = await names(index)
    expect(all).toHaveLength(250)
    expect(all[0]).toBe('clip_000249.mp4')
    expect([...all].sort().reverse()).toEqual(all)
    for (const offset of [0, 50, 120, 130, 200, 240]) {
      expect((await index.page('recording', 50, offset)).files.map(({ name }) => name)).toEqual(all.slice(offset, offset + 50))
    }
    expect(await index.page('recording', 50, 250)).toEqual({ files: [], total: 250 })
    expect(await index.page('recording', 50, Number.MAX_SAFE_INTEGER)).toEqual({ files: [], total: 250 })
    expect((await index.totals()).recording).toEqual({ files: 250, bytes: all.reduce((sum, _name, at) => sum + (at % 7), 0) })
  })

  it('list what clients may see and nothing else', async () => {
    mkdirSync(join(base, 'r', 'camera0'), { recursive: true })
    mkdirSync(join(base, 'r', '.under-way'), { recursive: true })
    for (const name of ['a.mp4', 'b.MKV', '.hidden.mp4', 'c.txt', 'd', 'camera0/e.mp4', '.under-way/f.mp4']) {
      writeFileSync(join(base, 'r', name), 'x')
    }
    mkdirSync(join(base, 'r', 'folder.mp4'))
    symlinkSync('/etc', join(base, 'r', 'away'))
    symlinkSync('/nowhere', join(base, 'r', 'dangling.mp4'))
    symlinkSync('/etc/passwd', join(base, 'r', 'outside.mp4'))
    expect((await names(open())).sort()).toEqual(['a.mp4', 'b.MKV', 'e.mp4'])
  })
})

describe('changes behind our back', () => {
  it('are seen: made, grown, renamed, deleted, in folders that come and go', async () => {
    const index = open()
    expect(await names(index)).toEqual([])
    make(3)
    await until(async () => (await names(index)).length === 3)
    appendFileSync(join(base, 'r', 'clip_000000.mp4'), 'more')
    await until(async () => (await index.find('recording', 'clip_000000'))[0]?.sizeBytes === 4)
    await until(async () => (await index.page('recording', 9, 0)).files.some((file) => file.sizeBytes === 4))
    renameSync(join(base, 'r', 'clip_000001.mp4'), join(base, 'r', 'other.mp4'))
    unlinkSync(join(base, 'r', 'clip_000002.mp4'))
    await until(async () => (await names(index)).sort().join() === 'clip_000000.mp4,other.mp4')
    mkdirSync(join(base, 'r', 'camera7'))
    writeFileSync(join(base, 'r', 'camera7', 'deep.mp4'), '')
    await until(async () => (await names(index)).includes('deep.mp4'))
    rmSync(join(base, 'r', 'camera7'), { recursive: true })
    await until(async () => !(await names(index)).includes('deep.mp4'))
  })

  it('are found at the next start when nobody watched', async () => {
    make(10)
    await names(open())
    engine?.close()
    unlinkSync(join(base, 'r', 'clip_000004.mp4'))
    make(2, 20)
    const listed = await names(open())
    expect(listed).toHaveLength(11)
    expect(listed.slice(0, 2)).toEqual(['clip_000021.mp4', 'clip_000020.mp4'])
    expect(listed).not.toContain('clip_000004.mp4')
  })

  it('keeps what only the writer of a file knew', async () => {
    make(1)
    const index = open()
    await names(index)
    const place = { kind: 'recording', dir: '', name: 'clip_000000.mp4' } as const
    index.put(place, { createdMs: 5_000, durationMs: 1_234, recording: 'one' })
    appendFileSync(join(base, 'r', place.name), 'tail')
    await index.settled()
    expect((await index.find('recording', 'clip_000000'))[0]).toMatchObject({
      createdMs: 5_000,
      durationMs: 1_234,
      recording: 'one',
    })
    expect(await index.ofRecording('one')).toHaveLength(1)
  })
})

it('makes up for what its tables could not take, whatever they took since', async () => {
  make(1)
  const index = open()
  await names(index)
  const tables = new Sqlite(join(base, 'files.db'))
  tables.exec("CREATE TRIGGER full BEFORE DELETE ON files BEGIN SELECT RAISE(ABORT, 'no room'); END")
  expect(await index.delete({ kind: 'recording', dir: '', name: 'clip_000000.mp4' })).toBe(true)
  let made = 0
  await until(async () => {
    made += 1
    make(1, made)
    return (await names(index)).length > 1
  })
  expect(await names(index)).toContain('clip_000000.mp4')
  tables.exec('DROP TRIGGER full')
  tables.close()
  await until(async () => !(await names(index)).includes('clip_000000.mp4'))
})

describe('R-35: a folder that vanishes', () => {
  async function takenAway(index: IndexEngine): Promise<void> {
    renameSync(join(base, 'r'), join(base, 'elsewhere'))
    writeFileSync(join(base, 'r'), 'a file in its place')
    await until(async () =>
      index.page('recording', 5, 0).then(
        () => false,
        () => true,
      ),
    )
  }

  function givenBack(): void {
    unlinkSync(join(base, 'r'))
    renameSync(join(base, 'elsewhere'), join(base, 'r'))
  }

  it('is an error while it is away and whole again afterwards', async () => {
    make(5)
    const index = open()
    await names(index)
    await takenAway(index)
    await expect(index.page('recording', 5, 0)).rejects.toMatchObject({ code: 'EEXIST' })
    givenBack()
    await until(async () =>
      index.page('recording', 5, 0).then(
        ({ total }) => total === 5,
        () => false,
      ),
    )
    make(1, 9)
    await until(async () => (await names(index)).length === 6)
  })

  it('is whole for the first who asks after it came back', async () => {
    make(5)
    const index = open()
    await names(index)
    await takenAway(index)
    const askers = Array.from({ length: 20 }, () => index.page('recording', 5, 0))
    for (const answer of await Promise.allSettled(askers))
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'EEXIST' } })
    givenBack()
    expect((await index.page('recording', 5, 0)).total).toBe(5)
  })
})

describe('R-32: a damaged index', () => {
  const damages: readonly (readonly [string, (file: string) => void])[] = [
    ['nothing in it', (file) => writeFileSync(file, '')],
    ['random bytes', (file) => writeFileSync(file, Buffer.from(Array.from({ length: 9_000 }, (_byte, at) => (at * 7919) & 255)))],
    ['another database', (file) => rmSync(file)],
    [
      'a folder',
      (file) => {
        rmSync(file)
        mkdirSync(file)
        writeFileSync(join(file, 'x'), '')
      },
    ],
    [
      'a link to nowhere',
      (file) => {
        rmSync(file)
        symlinkSync('/nowhere/at/all', file)
      },
    ],
    [
      'a link to another file',
      (file) => {
        rmSync(file)
        symlinkSync('/etc/hostname', file)
      },
    ],
    [
      'a pipe',
      (file) => {
        rmSync(file)
        execFileSync('mkfifo', [file])
      },
    ],
    [
      'zeros at its head',
      (file) => {
        const bytes = readFileSync(file)
        bytes.fill(0, 0, 200)
        writeFileSync(file, bytes)
      },
    ],
    [
      'zeros in its middle',
      (file) => {
        const bytes = readFileSync(file)
        bytes.fill(0, bytes.length >> 2, bytes.length >> 1)
        writeFileSync(file, bytes)
      },
    ],
    // One flipped byte does it: sound in itself, and the sums of snapshots are nobody's.
    [
      'sums of a kind that there is not',
      (file) => void new Sqlite(file).exec('UPDATE totals SET kind = 7 WHERE kind = 1').close(),
    ],
  ]

  it.each(damages)('%s: it is made anew from the folder', async (what, damage) => {
    make(40)
    await names(open())
    engine?.close()
    const file = join(base, 'files.db')
    damage(file)
    const index = open()
    expect(await names(index)).toHaveLength(40)
    expect(lstatSync(file).isFile()).toBe(true)
    if (!['another database', 'nothing in it'].includes(what)) {
      expect(index.damaged).toBe(`${file}.damaged`)
      expect(existsSync(`${file}.damaged`) || lstatSync(`${file}.damaged`).isSymbolicLink()).toBe(true)
    }
  })

  const PLACES = [100_000, 60] as const

  it(`each length it can be cut to, and each byte of it flipped (${extent('places, spread at random', ...PLACES)})`, async () => {
    make(30)
    await names(open())
    engine?.close()
    const file = join(base, 'files.db')
    const whole = readFileSync(file)
    const random = randomFrom(seed('places of damage'))
    const steps = Math.min(whole.length, full(...PLACES))
    for (let step = 0; step < steps; step += 1) {
      const at = Math.floor((whole.length * (step + (steps < whole.length ? random() : 0))) / steps)
      for (const damage of [() => truncateSync(file, at), () => flip(file, at)]) {
        writeFileSync(file, whole)
        damage()
        const index = open()
        expect(await names(index), `byte ${at}`).toHaveLength(30)
        index.close()
        engine = undefined
        rmSync(`${file}.damaged`, { force: true })
      }
    }
  }, 3_600_000)

  function flip(file: string, at: number): void {
    const bytes = readFileSync(file)
    bytes[at] = (bytes[at] ?? 0) ^ 0xff
    writeFileSync(file, bytes)
  }
})

describe('R-36: a hundred thousand files', () => {
  const COUNT = 100_000

  it('are listed in p95 5 ms while they come and half of them go, and the index is right within 2 s', async () => {
    const index = open()
    await index.settled()
    const folder = join(base, 'r')
    const times: number[] = []
    const ask = async () => {
      const startedMs = performance.now()
      const page = await index.page('recording', 50, 0)
      times.push(performance.now() - startedMs)
      return page.total
    }
    // By another process, as behind our back as it gets.
    const made = shell(`cd "${folder}" && seq -f 'f%06g.mp4' 0 ${COUNT - 1} | xargs touch`)
    await whileRunning(made, ask)
    // Less what others had the processor for.
    const afterMakingMs = await until(async () => (await ask()) === COUNT, 30_000)
    const deleted = shell(`cd "${folder}" && seq -f 'f%06g.mp4' 0 2 ${COUNT - 1} | xargs rm`)
    await whileRunning(deleted, ask)
    const afterDeletingMs = await until(async () => (await ask()) === COUNT / 2, 30_000)
    times.sort((one, other) => one - other)
    const p95 = times[Math.floor(times.length * 0.95)] ?? 0
    console.info(
      `made +${Math.round(afterMakingMs)} ms, deleted +${Math.round(afterDeletingMs)} ms, p95 ${p95.toFixed(2)} ms of ${times.length}`,
    )
    expect(afterMakingMs).toBeLessThanOrEqual(2_000)
    expect(afterDeletingMs).toBeLessThanOrEqual(2_000)
    expect(p95).toBeLessThan(5)
    expect(statSync(folder).isDirectory()).toBe(true)
  }, 120_000)
})

function shell(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    spawn('sh', ['-c', script], { stdio: 'ignore' })
      .once('error', reject)
      .once('exit', () => resolve())
  })
}

async function whileRunning(work: Promise<void>, ask: () => Promise<unknown>): Promise<void> {
  let running = true
  const end = work.finally(() => {
    running = false
  })
  while (running) {
    await ask()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await end
}

it('S-41: of what lies behind a link that takes the place of a folder, nothing is ever deleted', async () => {
  const index = open()
  const folder = join(base, 'r', 'camera0')
  const [own, outside, link] = [join(base, 'own'), join(base, 'outside'), join(base, 'link')]
  for (const made of [join(base, 'r'), own, outside]) mkdirSync(made)
  const victim = join(outside, 'clip.mp4')
  writeFileSync(victim, 'theirs')
  symlinkSync(outside, link)
  const place = { kind: 'recording', dir: 'camera0', name: 'clip.mp4' } as const
  symlinkSync(outside, folder)
  expect([await index.delete(place), existsSync(victim)]).toEqual([false, true])
  unlinkSync(folder)
  const swapper = spawn(process.execPath, [
    join(import.meta.dirname, '../../../support/swap-loop.mjs'),
    JSON.stringify([{ place: folder, of: [{ folder: own, file: join(folder, 'clip.mp4') }, { folder: link }] }]),
  ])
  await once(swapper.stdout, 'data')
  const outcomes = new Set<boolean>()
  try {
    for (let count = 0; count < 10_000; count += 1) outcomes.add(await index.delete(place))
  } finally {
    swapper.kill('SIGKILL')
    await once(swapper, 'close')
  }
  expect(readFileSync(victim, 'utf8')).toBe('theirs')
  expect([...outcomes].sort()).toEqual([false, true])
})

describe('a closed index', () => {
  it('answers no question, and opens no folder for one that was under way', async () => {
    make(10)
    const index = open()
    const unheard: unknown[] = []
    const hear = (thrown: unknown) => void unheard.push(thrown)
    process.on('unhandledRejection', hear)
    const underWay = expect(index.page('recording', 10, 0)).rejects.toThrow('the file index is closed')
    index.close()
    await underWay
    const place = { kind: 'recording', dir: 'camera0', name: 'late.mp4' } as const
    await expect(index.put(place, {})).rejects.toThrow('the file index is closed')
    await expect(index.delete(place)).rejects.toThrow('the file index is closed')
    // What a folder finds out about itself comes in later turns.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', hear)
    expect(unheard).toEqual([])
  })
})
