/**
 * The file index as the rest of the service sees it: a thread that is started with the first question. Nothing here waits for a
 * disk on the main thread. A thread that died or could not open its file is started anew with the next question.
 */

import { Worker } from 'node:worker_threads'
import type { Clock } from '../../base/clock.js'
import { errorText, ServiceError } from '../../base/errors.js'
import type { Logger } from '../../base/logger.js'
import type { EngineOptions, IndexEngine } from './engine.js'
import type { EngineMethod, ThreadOpened, ThreadReply, ThreadRequest } from './thread.js'
import type { FileFacts, FileKind, FilePage, FilePlace, IndexedFile, KindTotals } from './types.js'

export interface FileIndexOptions extends EngineOptions {
  readonly clock: Clock
  readonly logger: Logger
  /** Makes the thread; tests run the engine in theirs. */
  readonly openThread?: (options: EngineOptions) => IndexThread
}

/** The part of a worker that is used. */
export interface IndexThread {
  postMessage(request: ThreadRequest): void
  onMessage(listener: (message: ThreadOpened | ThreadReply) => void): void
  /** Called once when it ended, wanted or not. */
  onEnd(listener: (why: string) => void): void
  end(): Promise<void>
}

/** A disk that takes longer hangs; the caller is told instead of kept waiting. */
const DEADLINE_MS = 15_000
const CLOSE_MS = 2_000
const MAX_WAITING = 1_024
const YOUNG_MB = 4

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
  readonly cancel: () => void
}

export class FileIndex {
  readonly #options: FileIndexOptions
  readonly #waiting = new Map<number, Waiting>()
  #thread: IndexThread | undefined
  #lastId = 0
  #stopped = false

  constructor(options: FileIndexOptions) {
    this.#options = options
  }

  /** Begins to compare folders and index, in the background. Never throws. */
  open(): void {
    if (this.#stopped) return
    const { file, logger } = this.#options
    try {
      this.#thread ??= this.#start()
    } catch (thrown) {
      logger.error({ file, error: errorText(thrown) }, 'the file index cannot be started; the first question tries again')
    }
  }

  async close(): Promise<void> {
    this.#stopped = true
    const thread = this.#thread
    if (thread === undefined) return
    await this.#ask('close', [], CLOSE_MS).catch(() => undefined)
    await thread.end()
  }

  /** Newest first. Rejects with STORAGE_UNREADABLE. */
  page(kind: FileKind, limit: number, offset: number): Promise<FilePage> {
    return this.#call('page', kind, limit, offset)
  }

  /** The files of that name, newest first. Rejects with STORAGE_UNREADABLE. */
  find(kind: FileKind, stem: string): Promise<readonly IndexedFile[]> {
    return this.#call('find', kind, stem)
  }

  totals(): Promise<Readonly<Record<FileKind, KindTotals>>> {
    return this.#call('totals')
  }

  /** By age, the oldest first. */
  oldest(kind: FileKind, limit: number, offset: number): Promise<readonly IndexedFile[]> {
    return this.#call('oldest', kind, limit, offset)
  }

  ofRecording(recording: string): Promise<readonly IndexedFile[]> {
    return this.#call('ofRecording', recording)
  }

  /** Looks at one file now; undefined when it is not there. */
  put(place: FilePlace, facts: FileFacts = {}): Promise<IndexedFile | undefined> {
    return this.#call('put', place, facts)
  }

  /** Removes the file; false when there was none. */
  delete(place: FilePlace): Promise<boolean> {
    return this.#call('delete', place)
  }

  putRecording(id: string, facts: string): Promise<void> {
    return this.#call('putRecording', id, facts)
  }

  recording(id: string): Promise<string | undefined> {
    return this.#call('recording', id)
  }

  forgetEmptyRecordings(): Promise<void> {
    return this.#call('forgetEmptyRecordings')
  }

  /** Resolves when all changes of the folders seen until now are in the index. */
  settled(): Promise<void> {
    return this.#call('settled')
  }

  #call<Method extends EngineMethod>(
    method: Method,
    ...args: Parameters<IndexEngine[Method]>
  ): Promise<Awaited<ReturnType<IndexEngine[Method]>>> {
    if (this.#stopped) return Promise.reject(unreadable('the service is stopping'))
    return this.#ask(method, args, DEADLINE_MS) as Promise<Awaited<ReturnType<IndexEngine[Method]>>>
  }

  #ask(method: ThreadRequest['method'], args: readonly unknown[], deadlineMs: number): Promise<unknown> {
    if (this.#waiting.size >= MAX_WAITING) {
      const data = { retry_after_ms: 250 }
      return Promise.reject(new ServiceError('RATE_LIMITED', { data, details: 'too many questions wait for the file index' }))
    }
    let thread: IndexThread
    try {
      this.#thread ??= this.#start()
      thread = this.#thread
    } catch (thrown) {
      // The system gives no thread: nobody who asks in passing is to fall over it.
      return Promise.reject(unreadable(`the file index cannot be started: ${errorText(thrown)}`))
    }
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(deadlineMs, () => {
        this.#waiting.delete(id)
        reject(unreadable(`the disk did not answer within ${deadlineMs} ms`))
      })
      this.#waiting.set(id, { resolve, reject, cancel })
      thread.postMessage({ id, method, args })
    })
  }

  #start(): IndexThread {
    const { file, roots, fallbacks, logger } = this.#options
    const thread = (this.#options.openThread ?? openWorker)({ file, roots, ...(fallbacks && { fallbacks }) })
    let failed: string | undefined
    thread.onMessage((message) => {
      if ('opened' in message) {
        failed = message.failure?.message
        if (message.damaged !== undefined) {
          logger.error({ file: message.damaged }, 'the file index was damaged; it is set aside and made anew from the folders')
        }
      } else this.#settle(message)
    })
    thread.onEnd((why) => {
      if (this.#thread === thread) this.#thread = undefined
      const reason = failed ?? why
      if (!this.#stopped) logger.error({ file, error: reason }, 'the file index ended; the next question starts it anew')
      for (const waiting of this.#waiting.values()) {
        waiting.cancel()
        waiting.reject(unreadable(reason))
      }
      this.#waiting.clear()
    })
    return thread
  }

  #settle({ id, value, failure }: ThreadReply): void {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return
    this.#waiting.delete(id)
    waiting.cancel()
    if (failure === undefined) waiting.resolve(value)
    else waiting.reject(unreadable(failure.message, failure.code))
  }
}

function unreadable(details: string, cause?: string): ServiceError {
  return new ServiceError('STORAGE_UNREADABLE', { details, ...(cause === undefined ? {} : { cause: { code: cause } }) })
}

function openWorker(options: EngineOptions): IndexThread {
  const worker = new Worker(new URL('./thread.js', import.meta.url), {
    workerData: options,
    name: 'file-index',
    // Names and rows are short-lived: room for more of them would be kept for good after the first comparison.
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
  })
  // The service lives by its faces, not by its index.
  worker.unref()
  let why = 'its thread ended'
  worker.on('error', (thrown) => {
    why = String(thrown)
  })
  return {
    postMessage: (request) => worker.postMessage(request),
    onMessage: (listener) => worker.on('message', listener),
    onEnd: (listener) => worker.on('exit', () => listener(why)),
    async end() {
      await worker.terminate()
    },
  }
}
