/** Worker threads for conversions: started with the first one, since most snapshots need none; ended when long idle. */

import type { Piscina } from 'piscina'
import { ServiceError } from '../base/errors.js'
import type { ConversionReply, ConvertedSnapshot, ConvertJob } from './worker.js'

export interface PoolOptions {
  readonly threads: number
  /** Jobs waiting beyond the running ones; more are refused with RATE_LIMITED. */
  readonly maxQueue: number
}

const IDLE_MS = 60_000

export class ConversionPool {
  readonly #options: PoolOptions
  #pool: Promise<Piscina> | undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Rejects with what the worker threw: `code`, `errno` and `call` included. */
  async convert(job: ConvertJob, signal: AbortSignal): Promise<ConvertedSnapshot> {
    this.#pool ??= this.#start()
    const pool = await this.#pool
    if (pool.queueSize >= this.#options.maxQueue) {
      throw new ServiceError('RATE_LIMITED', {
        data: { retry_after_ms: 1_000 },
        details: 'too many snapshots are being converted',
      })
    }
    const reply = (await pool.run(job, { signal })) as ConversionReply
    if ('failure' in reply) throw Object.assign(new Error(reply.failure.message), reply.failure.members)
    return reply.converted
  }

  async stop(): Promise<void> {
    const pool = this.#pool
    this.#pool = undefined
    await (await pool)?.destroy()
  }

  async #start(): Promise<Piscina> {
    const { Piscina } = await import('piscina')
    return new Piscina({
      filename: new URL('./worker.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: this.#options.threads,
      idleTimeout: IDLE_MS,
      // Cancelling must not kill a thread that others' jobs wait for.
      concurrentTasksPerWorker: 1,
    })
  }
}
