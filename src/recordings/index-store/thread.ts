/** The thread of the file index: answers one message with one message. */

import { parentPort, workerData } from 'node:worker_threads'
import { type EngineOptions, IndexEngine } from './engine.js'

export type EngineMethod = Exclude<keyof IndexEngine, 'damaged' | 'close'>

export interface ThreadRequest {
  readonly id: number
  readonly method: EngineMethod | 'close'
  readonly args: readonly unknown[]
}

export interface ThreadReply {
  readonly id: number
  readonly value?: unknown
  readonly failure?: { readonly message: string; readonly code?: string }
}

/** The first message: the index is open, or why not. */
export interface ThreadOpened {
  readonly opened: true
  readonly damaged?: string
  readonly failure?: ThreadReply['failure']
}

const port = parentPort
if (port !== null) serve(port)

function serve(to: NonNullable<typeof parentPort>): void {
  let engine: IndexEngine
  try {
    engine = new IndexEngine(workerData as EngineOptions)
  } catch (thrown) {
    to.postMessage({ opened: true, failure: failureOf(thrown) } satisfies ThreadOpened)
    to.close()
    return
  }
  const { damaged } = engine
  to.postMessage({ opened: true, ...(damaged === undefined ? {} : { damaged }) } satisfies ThreadOpened)
  to.on('message', ({ id, method, args }: ThreadRequest) => {
    if (method === 'close') {
      engine.close()
      to.postMessage({ id } satisfies ThreadReply)
      to.close()
      return
    }
    // The sender's types are those of the engine: see `client.ts`.
    const call = engine[method] as (...args: unknown[]) => unknown
    Promise.resolve()
      .then(() => call.apply(engine, [...args]))
      .then(
        (value) => to.postMessage({ id, value } satisfies ThreadReply),
        (thrown: unknown) => to.postMessage({ id, failure: failureOf(thrown) } satisfies ThreadReply),
      )
  })
}

function failureOf(thrown: unknown): NonNullable<ThreadReply['failure']> {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return thrown instanceof Error && 'code' in thrown ? { message, code: String(thrown.code) } : { message }
}
