/** R-15 (reliability-security §2.2): threads that die or hang, with real threads. */

import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { ConversionPool, openPiscina } from '../../../src/snapshots/pool.js'
import type { ConvertJob } from '../../../src/snapshots/worker.js'
import { stopwatch } from '../../support/processor-wait.js'
import { extent, full } from '../../support/rows.js'

const DEATHS = [1_000, 60] as const
const WORKER = new URL('./workers/faulty.mjs', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'worker-faults-'))
const pools: ConversionPool[] = []
afterAll(async () => {
  for (const pool of pools) await pool.stop()
  rmSync(folder, { recursive: true })
})

function setUp(jobMs: number) {
  const pool = new ConversionPool({
    threads: 2,
    maxQueue: 64,
    jobMs: () => jobMs,
    open: (threads) => openPiscina(threads, WORKER),
  })
  pools.push(pool)
  const { signal } = new AbortController()
  return (name: string, dir = '', begun?: Int32Array) => pool.convert({ name, dir, begun } as unknown as ConvertJob, signal)
}

it.each([
  ['exit', 'lost its thread'],
  ['throw', 'lost its thread'],
  ['loop', 'took longer than 2000 ms'],
  ['heap', 'lost its thread'],
])(
  'R-15: a job whose thread ends by %s fails, and the others finish',
  async (name, why) => {
    const convert = setUp(name === 'heap' ? 30_000 : 2_000)
    await convert('warm up')
    const failed = expect(convert(name)).rejects.toThrow(`the conversion ${why}`)
    const others = await Promise.all(Array.from({ length: 8 }, (_, index) => convert(`job ${index}`)))
    expect(others.map(({ file }) => file)).toEqual(Array.from({ length: 8 }, (_, index) => `job ${index}`))
    await failed
    const took = stopwatch()
    // Both threads are there again: each of these ends when both have begun.
    const begun = new Int32Array(new SharedArrayBuffer(4))
    const both = await Promise.all([convert('one', '', begun), convert('two', '', begun)])
    expect(took()).toBeLessThanOrEqual(200)
    expect(both.map(({ file }) => file)).toEqual(['one', 'two'])
  },
  60_000,
)

it('R-15: a thread that cannot even start costs the job that waits for it, and nothing else', async () => {
  const uncaught: unknown[] = []
  const hear = (thrown: unknown) => void uncaught.push(thrown)
  process.on('uncaughtException', hear)
  const open = (threads: number) => openPiscina(threads, new URL('./workers/none.mjs', import.meta.url))
  const pool = new ConversionPool({ threads: 1, maxQueue: 1, jobMs: () => 2_000, open })
  pools.push(pool)
  const converted = pool.convert({ name: 'one', dir: '' } as ConvertJob, new AbortController().signal)
  await expect(converted).rejects.toThrow('the conversion')
  process.off('uncaughtException', hear)
  expect(uncaught).toEqual([])
})

it(`R-15: nothing of a file stays behind, and deaths cost no memory (${extent('deaths', ...DEATHS)})`, async () => {
  const convert = setUp(10_000)
  const die = async (times: number): Promise<void> => {
    for (let deaths = 0; deaths < times; deaths += 1) await expect(convert('exit', folder)).rejects.toThrow('lost its thread')
  }
  await die(20)
  const before = process.memoryUsage().rss
  await die(full(...DEATHS))
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(20)
  expect(readdirSync(folder)).toEqual([])
}, 600_000)
