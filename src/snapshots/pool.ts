/** Worker threads for conversions: started with the first one, since most snapshots need none; ended when long idle. */

import type { Piscina } from 'piscina'
import { errorText, ServiceError } from '../base/errors.js'
import { removeParts } from './temporary.js'
import type { ConversionReply, ConvertedSnapshot, ConvertJob } from './worker.js'

/** The part of piscina that is used. */
export type Workers = Pick<Piscina, 'destroy'> & {
  /** The signal ends the thread that does the job. */
  run(job: ConvertJob, options: { readonly signal: AbortSignal }): Promise<unknown>
}

export interface PoolOptions {
  readonly threads: number
  /** Jobs waiting beyond the running ones; more are refused with RATE_LIMITED. */
  readonly maxQueue: number
  /** A job that runs longer loses its thread; looked at when each begins. */
  readonly jobMs: () => number
  /** Makes the threads; piscina's when absent. */
  readonly open?: (threads: number) => Promise<Workers>
}

/** A job ended its thread, or was ended with it: the fault of neither camera nor disk. */
export class ThreadLost extends Error {}

const IDLE_MS = 60_000
/** A picture of the largest size takes a tenth of it. */
const HEAP_MB = 512

/**
 * Cancelling a job that runs would kill its thread in the middle of a write, so of callers only those whose jobs still wait are heard: they
 * wait here, not in piscina. What a thread leaves that hung or died is removed.
 */
export class ConversionPool {
  readonly #options: PoolOptions
  readonly #waiting: (() => void)[] = []
  /** With the time of their begin, oldest first. */
  readonly #running = new Map<Promise<unknown>, number>()
  #turnsTaken = 0
  #workers: Promise<Workers> | undefined
  #stopped = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Of the places for jobs that wait. */
  get queueUsedPercent(): number {
    return (this.#waiting.length / this.#options.maxQueue) * 100
  }

  get oldestJobMs(): number {
    for (const begunMs of this.#running.values()) return performance.now() - begunMs
    return 0
  }

  /** Rejects with what the worker threw: `code`, `errno` and `call` included. `signal` counts until the job runs. */
  async convert(job: ConvertJob, signal: AbortSignal): Promise<ConvertedSnapshot> {
    await this.#turn()
    try {
      signal.throwIfAborted()
      if (this.#stopped) throw new ServiceError('DEPENDENCY_FAILED', { details: 'the service is stopping' })
      const running = this.#run(job)
      this.#running.set(running, performance.now())
      const reply = await running.finally(() => this.#running.delete(running))
      if ('failure' in reply) throw Object.assign(new Error(reply.failure.message), reply.failure.members)
      return reply.converted
    } finally {
      this.#passOn()
    }
  }

  /** Jobs that run are waited for. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.allSettled(this.#running.keys())
    const workers = this.#workers
    this.#workers = undefined
    await (await workers)?.destroy()
  }

  async #run(job: ConvertJob): Promise<ConversionReply> {
    this.#workers ??= (this.#options.open ?? openPiscina)(this.#options.threads)
    const workers = await this.#workers.catch((thrown: unknown) => {
      // Neither the next job nor the stop is to fail of it.
      this.#workers = undefined
      throw thrown
    })
    const longestMs = this.#options.jobMs()
    const signal = AbortSignal.timeout(longestMs)
    try {
      return (await workers.run(job, { signal })) as ConversionReply
    } catch (thrown) {
      await removeParts(job.dir, job.name)
      const why = signal.aborted ? `took longer than ${longestMs} ms` : `lost its thread: ${errorText(thrown)}`
      throw new ThreadLost(`the conversion ${why}`, { cause: thrown })
    }
  }

  #turn(): Promise<void> | undefined {
    if (this.#turnsTaken < this.#options.threads) {
      this.#turnsTaken += 1
      return undefined
    }
    if (this.#waiting.length >= this.#options.maxQueue) {
      throw new ServiceError('RATE_LIMITED', {
        data: { retry_after_ms: 1_000 },
        details: 'too many snapshots are being converted',
      })
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #passOn(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#turnsTaken -= 1
    else next()
  }
}

/** `worker` does the jobs. */
export async function openPiscina(threads: number, worker = new URL('./worker.js', import.meta.url)): Promise<Workers> {
  const { Piscina } = await import('piscina')
  const threadPool = new Piscina({
    filename: worker.href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE_MS,
    concurrentTasksPerWorker: 1,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  })
  // That a thread without a job died, or could not even start, is told here alone. Whoever waits for one has a deadline.
  threadPool.on('error', () => undefined)
  return threadPool
}
