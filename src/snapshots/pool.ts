/** Worker threads for conversions: started with the first one, since most snapshots need none; ended when long idle. */

import type { Piscina } from 'piscina'
import { ServiceError } from '../base/errors.js'
import type { ConversionReply, ConvertedSnapshot, ConvertJob } from './worker.js'

/** The part of piscina that is used. */
export type Workers = Pick<Piscina, 'destroy'> & { run(job: ConvertJob): Promise<unknown> }

export interface PoolOptions {
  readonly threads: number
  /** Jobs waiting beyond the running ones; more are refused with RATE_LIMITED. */
  readonly maxQueue: number
  /** Makes the threads; piscina's when absent. */
  readonly open?: (threads: number) => Promise<Workers>
}

const IDLE_MS = 60_000

/**
 * Cancelling a job that runs would kill its thread in the middle of a write and leave half a file behind, so only jobs that still
 * wait can be cancelled: they wait here, not in piscina.
 */
export class ConversionPool {
  readonly #options: PoolOptions
  readonly #waiting: (() => void)[] = []
  readonly #running = new Set<Promise<unknown>>()
  #turnsTaken = 0
  #workers: Promise<Workers> | undefined
  #stopped = false

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Rejects with what the worker threw: `code`, `errno` and `call` included. `signal` counts until the job runs. */
  async convert(job: ConvertJob, signal: AbortSignal): Promise<ConvertedSnapshot> {
    await this.#turn()
    try {
      signal.throwIfAborted()
      if (this.#stopped) throw new ServiceError('DEPENDENCY_FAILED', { details: 'the service is stopping' })
      const running = this.#run(job)
      this.#running.add(running)
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
    await Promise.allSettled([...this.#running])
    const workers = this.#workers
    this.#workers = undefined
    await (await workers)?.destroy()
  }

  async #run(job: ConvertJob): Promise<ConversionReply> {
    this.#workers ??= (this.#options.open ?? openPiscina)(this.#options.threads)
    return (await (await this.#workers).run(job)) as ConversionReply
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

async function openPiscina(threads: number): Promise<Workers> {
  const { Piscina } = await import('piscina')
  return new Piscina({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: threads,
    idleTimeout: IDLE_MS,
    concurrentTasksPerWorker: 1,
  })
}
