/** `rpc-process.mjs` from the side of a test. */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { HttpServerSettings } from '../../src/http/index.js'
import type { RpcStats } from '../../src/rpc/index.js'

export interface RpcFigures {
  readonly connections: number
  readonly authenticated: number
  readonly anonymous: number
  readonly pendingBytes: number
  readonly closes: Readonly<Record<string, number>>
  readonly refusals: Readonly<Record<string, number>>
  /** Bytes; of `figures` after a collection. */
  readonly rss: number
  /** Lines at info or above, but for the one that it listens. */
  readonly logged: number
  readonly rpc: RpcStats
}

export interface PublishOrder {
  readonly topic: string
  readonly perSecond: number
  /** Of filling in each event. */
  readonly bytes: number
  readonly seconds: number
}

export class RpcProcess {
  readonly port: number
  readonly tokens: Readonly<Record<'viewer' | 'operator', string>>
  readonly #child: ChildProcess
  #lastId = 0

  private constructor(child: ChildProcess, { port, tokens }: Pick<RpcProcess, 'port' | 'tokens'>) {
    this.#child = child
    this.port = port
    this.tokens = tokens
  }

  static async start(settings: Partial<HttpServerSettings> = {}): Promise<RpcProcess> {
    const child = fork(join(import.meta.dirname, 'rpc-process.mjs'), [JSON.stringify(settings)], { execArgv: ['--expose-gc'] })
    const [ready] = (await once(child, 'message')) as [Pick<RpcProcess, 'port' | 'tokens'>]
    return new RpcProcess(child, ready)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`
  }

  figures(): Promise<RpcFigures> {
    return this.#ask({ what: 'figures' }) as Promise<RpcFigures>
  }

  /** The same without a collection, which would hold up whatever is measured meanwhile. */
  glance(): Promise<RpcFigures> {
    return this.#ask({ what: 'glance' }) as Promise<RpcFigures>
  }

  /** Resolves when the last one is out. */
  async publish(order: PublishOrder): Promise<void> {
    await this.#ask({ what: 'publish', ...order })
  }

  async stop(): Promise<void> {
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }

  #ask(question: object): Promise<unknown> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve) => {
      const take = (message: { readonly id?: number; readonly answer?: unknown }): void => {
        if (message.id !== id) return
        this.#child.off('message', take)
        resolve(message.answer)
      }
      this.#child.on('message', take)
      this.#child.send({ id, ...question })
    })
  }
}
