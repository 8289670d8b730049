import { describe, expect, it } from 'vitest'
import { ConversionPool, type Workers } from '../../../src/snapshots/pool.js'
import type { ConvertJob } from '../../../src/snapshots/worker.js'

function setUp() {
  const jobs: { name: string; finish(): void }[] = []
  let destroyed = 0
  const workers: Workers = {
    run: (job) =>
      new Promise((resolve) => jobs.push({ name: job.name, finish: () => resolve({ converted: { file: job.name } }) })),
    destroy: async () => {
      destroyed += 1
    },
  }
  const pool = new ConversionPool({ threads: 1, maxQueue: 2, jobMs: () => 60_000, open: async () => workers })
  const convert = (name: string, signal = new AbortController().signal) => pool.convert({ name } as ConvertJob, signal)
  return { pool, jobs, convert, destroyed: () => destroyed }
}

/** Lets promises that have settled tell it. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('the conversion pool', () => {
  it('lets a job that runs finish though its caller has gone, and drops one that waits', async () => {
    const { jobs, convert } = setUp()
    const gone = new AbortController()
    const first = convert('first', gone.signal)
    const second = expect(convert('second', gone.signal)).rejects.toThrow()
    const third = convert('third')
    await settled()
    gone.abort()
    jobs.shift()?.finish()
    expect((await first).file).toBe('first')
    await second
    await settled()
    expect(jobs.map((job) => job.name)).toEqual(['third'])
    jobs.shift()?.finish()
    expect((await third).file).toBe('third')
  })

  it('refuses more than may wait, with a time to come back', async () => {
    const { jobs, convert } = setUp()
    const taken = [convert('running'), convert('waiting'), convert('waiting too')]
    await expect(convert('one too many')).rejects.toMatchObject({ code: 'RATE_LIMITED', data: { retry_after_ms: 1_000 } })
    for (const _ of taken) {
      await settled()
      jobs.shift()?.finish()
    }
    await Promise.all(taken)
  })

  it('that could not be opened is opened with the next job, and stops like any other', async () => {
    let tries = 0
    const workers: Workers = { run: async () => ({ converted: { file: 'next' } }), destroy: async () => undefined }
    const open = async () => {
      tries += 1
      if (tries !== 2) throw new Error('EMFILE')
      return workers
    }
    const convert = (pool: ConversionPool) => pool.convert({ name: 'one' } as ConvertJob, new AbortController().signal)
    const pool = new ConversionPool({ threads: 1, maxQueue: 1, jobMs: () => 60_000, open })
    await expect(convert(pool)).rejects.toThrow('EMFILE')
    expect((await convert(pool)).file).toBe('next')
    await pool.stop()
    const never = new ConversionPool({ threads: 1, maxQueue: 1, jobMs: () => 60_000, open })
    await expect(convert(never)).rejects.toThrow('EMFILE')
    await never.stop()
  })

  it('gives each job the time that is configured when it begins', async () => {
    const longest = [60_000, 5]
    const workers: Workers = {
      run: (_job, { signal }) =>
        new Promise((resolve, reject) => {
          if (longest.length > 0) resolve({ converted: { file: 'in time' } })
          else signal.addEventListener('abort', () => reject(signal.reason))
        }),
      destroy: async () => undefined,
    }
    const pool = new ConversionPool({ threads: 1, maxQueue: 2, jobMs: () => longest.shift() ?? 0, open: async () => workers })
    const convert = () => pool.convert({ name: 'one', dir: '/nowhere' } as ConvertJob, new AbortController().signal)
    expect(await convert()).toEqual({ file: 'in time' })
    await expect(convert()).rejects.toThrow('the conversion took longer than 5 ms')
  })

  it('stops when the job that runs is done', async () => {
    const { pool, jobs, convert, destroyed } = setUp()
    const running = convert('running')
    const waiting = expect(convert('waiting')).rejects.toMatchObject({ code: 'DEPENDENCY_FAILED' })
    await settled()
    const stopped = pool.stop()
    await settled()
    expect(destroyed()).toBe(0)
    jobs.shift()?.finish()
    await Promise.all([running, waiting, stopped])
    expect(destroyed()).toBe(1)
  })
})
