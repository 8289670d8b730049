/** One thread with connections, seen from home: what it asks is answered, and when it ends all it held is let go. */

import { Worker } from 'node:worker_threads'
import type { Verifier } from '../auth/index.js'
import type { Audit } from '../base/audit-log.js'
import type { Clock } from '../base/clock.js'
import type { Logger } from '../base/logger.js'
import { type Call, type DeskPort, type Page, RequestHeaders } from '../http/index.js'
import type { HomeDesk } from '../rpc/index.js'
import { Channel, type Handlers } from './channel.js'
import { writeTold } from './far-logger.js'
import { NO_FIGURES } from './figures.js'
import { IdentityBook } from './identity-book.js'
import type { CallFacts, HomeAsks, HomeTells, ThreadChannel, ThreadData, ThreadFigures } from './protocol.js'

/** What threads may ask for. */
export interface HomeParts {
  readonly rpc: HomeDesk
  readonly credentials: Verifier
  readonly pages: readonly Page[]
  readonly desk: DeskPort | undefined
  readonly counts: () => Promise<HomeAsks['counts']['answer']>
  /** Called before anything is answered: what the thread knows has to be as new as the answer. */
  readonly beforeAnswer: () => void
  /** What should not have happened in the thread, in words that any client may see. */
  readonly onTrouble: (error: string) => void
  readonly audit: Audit
  readonly clock: Clock
  readonly logger: Logger
}

export interface LinkOptions {
  readonly data: ThreadData
  readonly home: HomeParts
  /** The compiled `thread.ts`. */
  readonly file: URL
  /** Of node, for the thread. */
  readonly execArgv: readonly string[]
  readonly maxHeapMb: number | undefined
  /** Called once, when the thread has ended, for whatever reason. */
  readonly onEnd: (reason: Error) => void
}

export class ThreadLink {
  readonly row: number
  readonly startedMs: number
  readonly #worker: Worker
  readonly #channel: ThreadChannel
  readonly #identities: IdentityBook
  /** Files held for downloads of this thread. */
  readonly #held = new Map<number, () => void>()
  #lastFile = 0
  #figures = NO_FIGURES
  #reason = new Error('the thread ended')
  /** Questions in a row that it has not answered in time. */
  #silent = 0
  #asked = false
  #hasEnded = false

  constructor({ data, home, file, execArgv, maxHeapMb, onEnd }: LinkOptions) {
    this.row = data.row
    this.startedMs = home.clock.nowMs()
    this.#worker = new Worker(file, {
      workerData: data,
      name: `rpc-${data.row + 1}`,
      execArgv: [...execArgv],
      ...(maxHeapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
    })
    this.#channel = new Channel(this.#worker, this.#handlers(home), new Int32Array(data.sent))
    this.#identities = new IdentityBook(home.clock, (id, expiresAtMs) => this.#channel.tell('shortened', { id, expiresAtMs }))
    this.#worker.on('error', (thrown: unknown) => {
      this.#reason = thrown instanceof Error ? thrown : new Error(String(thrown))
    })
    this.#worker.once('exit', () => {
      this.#hasEnded = true
      this.#channel.end(this.#reason)
      this.#identities.close()
      for (const release of this.#held.values()) release()
      this.#held.clear()
      onEnd(this.#reason)
    })
  }

  get tell(): ThreadChannel['tell'] {
    return (name, body) => this.#channel.tell(name, body)
  }

  get ask(): ThreadChannel['ask'] {
    return (name, body, signal) => this.#channel.ask(name, body, signal)
  }

  /** As it told last. */
  get lastFigures(): ThreadFigures {
    return this.#figures
  }

  async figures(): Promise<ThreadFigures> {
    this.#figures = await this.#channel.ask('figures', null)
    return this.#figures
  }

  /** To be called now and then: how many of the last calls in a row found it silent. */
  beat(): number {
    if (this.#asked) {
      this.#silent += 1
      return this.#silent
    }
    this.#asked = true
    this.figures().then(
      () => {
        this.#asked = false
        this.#silent = 0
      },
      () => undefined,
    )
    return 0
  }

  /** Ends the thread whatever it does; its sockets are closed. */
  async terminate(reason: string): Promise<void> {
    this.#reason = new Error(reason)
    await this.#worker.terminate()
  }

  #handlers({
    rpc,
    credentials,
    pages,
    desk,
    counts,
    beforeAnswer,
    onTrouble,
    audit,
    logger,
  }: HomeParts): Handlers<HomeAsks, HomeTells> {
    return {
      asks: {
        async call(call, signal) {
          const { json } = await rpc.call(call, signal)
          beforeAnswer()
          return json
        },
        counts,
        state: (linkHost) => {
          beforeAnswer()
          return rpc.state(linkHost)
        },
        verify: async ({ credential, asking }) => this.#identities.factsOf(await credentials.verify(credential, asking)),
        page: ({ page, call, text, tooBig }) => {
          const asked = pages[page]
          if (asked === undefined) throw new Error('there is no such page')
          return asked.answer(callFrom(call), { text, tooBig })
        },
        download: (call) => this.#admit(desk, call),
      },
      tells: {
        trouble: onTrouble,
        audit,
        log: (line) => writeTold(logger, { thread: this.row + 1 }, line),
        released: (id) => {
          this.#held.get(id)?.()
          this.#held.delete(id)
        },
        sent: (bytes) => desk?.sent(bytes),
      },
    }
  }

  async #admit(desk: DeskPort | undefined, call: CallFacts): Promise<HomeAsks['download']['answer']> {
    if (desk === undefined) throw new Error('there are no downloads')
    const given = await desk.admit(callFrom(call))
    if (!('release' in given)) return given
    const { root, path, name, release } = given
    if (this.#hasEnded) {
      // Nobody is left who would say that it is not needed any more.
      release()
      throw this.#reason
    }
    this.#lastFile += 1
    this.#held.set(this.#lastFile, release)
    return { id: this.#lastFile, root, path, name }
  }
}

function callFrom({ headers, ...call }: CallFacts): Call {
  return { ...call, headers: new RequestHeaders(headers) }
}
