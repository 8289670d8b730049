/**
 * Two threads that tell and ask each other things over one port. Messages arrive in the order in which they were sent, answers included:
 * what was told before an answer is known when the answer comes.
 */

import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads'
import { errorText, ServiceError } from '../base/errors.js'

/** By name: what is asked and what is answered. Plain data all of it. */
export type Asks = Record<string, { readonly ask: unknown; readonly answer: unknown }>
/** By name: what is told. */
export type Tells = Record<string, unknown>

export interface Handlers<Asked extends Asks, Told extends Tells> {
  /** `signal` is made when it is asked for; it aborts when the asker has lost interest. Errors go to the asker. */
  readonly asks: {
    readonly [Name in keyof Asked]: (
      ask: Asked[Name]['ask'],
      signal: () => AbortSignal,
    ) => Asked[Name]['answer'] | Promise<Asked[Name]['answer']>
  }
  readonly tells: { readonly [Name in keyof Told]: (told: Told[Name]) => void }
}

/** A worker seen from its parent, or the parent's port seen from the worker. */
export type Port = Worker | MessagePort

type Message =
  | { readonly ask: string; readonly id: number; readonly body: unknown }
  | { readonly tell: string; readonly body: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly drop: number }

interface Failure {
  readonly code?: ServiceError['code']
  readonly data?: ServiceError['data']
  readonly details: string
  readonly suggestion?: string
}

interface Pending {
  readonly resolve: (answer: unknown) => void
  readonly reject: (thrown: unknown) => void
}

export class Channel<MyAsks extends Asks, MyTells extends Tells, TheirAsks extends Asks, TheirTells extends Tells> {
  readonly #port: Port
  readonly #handlers: Handlers<TheirAsks, TheirTells>
  readonly #pending = new Map<number, Pending>()
  /** Of questions under way here: how they can be given up, once somebody wants to know. */
  readonly #working = new Map<number, AbortController | undefined>()
  readonly #sent: Int32Array | undefined
  #received = 0
  #lastId = 0
  #ended: Error | undefined

  /** `sent`: shared with the other side, which can see there how many messages are on their way. */
  constructor(port: Port, handlers: Handlers<TheirAsks, TheirTells>, sent?: Int32Array) {
    this.#port = port
    this.#handlers = handlers
    this.#sent = sent
    port.on('message', (message: Message) => this.#receive(message))
  }

  tell<Name extends keyof MyTells & string>(name: Name, body: MyTells[Name]): void {
    if (this.#ended === undefined) this.#send({ tell: name, body })
  }

  /** Rejects with the ServiceError of the other side, or with an Error in its words; at the end of the channel, too. */
  ask<Name extends keyof MyAsks & string>(
    name: Name,
    body: MyAsks[Name]['ask'],
    signal?: AbortSignal,
  ): Promise<MyAsks[Name]['answer']> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      const drop = (): void => this.#send({ drop: id })
      const settled = (): void => {
        this.#pending.delete(id)
        signal?.removeEventListener('abort', drop)
      }
      this.#pending.set(id, {
        resolve: (answer) => {
          settled()
          resolve(answer)
        },
        reject: (thrown) => {
          settled()
          reject(thrown)
        },
      })
      try {
        this.#send({ ask: name, id, body })
      } catch (thrown) {
        // What cannot be copied.
        this.#pending.get(id)?.reject(thrown)
        return
      }
      if (signal?.aborted === true) drop()
      else signal?.addEventListener('abort', drop, { once: true })
    })
  }

  /**
   * Takes what was sent before this moment and has not been taken yet; `sent` is the other side's. What came over a socket may have been
   * caused by it, and the loop takes ports and sockets in no certain order.
   */
  catchUp(sent: Int32Array, port: MessagePort): void {
    if (Atomics.load(sent, 0) === this.#received) return
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      this.#receive(next.message as Message)
    }
  }

  /** The other side is no more: whoever waits for it hears `reason`, and what it asked for is given up. */
  end(reason: Error): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    for (const { reject } of [...this.#pending.values()]) reject(reason)
    for (const controller of this.#working.values()) controller?.abort()
    this.#working.clear()
  }

  #send(message: Message): void {
    this.#port.postMessage(message)
    if (this.#sent !== undefined) Atomics.add(this.#sent, 0, 1)
  }

  #receive(message: Message): void {
    this.#received = (this.#received + 1) | 0
    if (this.#ended !== undefined) return
    if ('tell' in message) this.#handlers.tells[message.tell]?.(message.body as TheirTells[string])
    else if ('ask' in message) this.#work(message.ask, message.id, message.body)
    else if ('drop' in message) this.#drop(message.drop)
    else if ('failure' in message) this.#pending.get(message.id)?.reject(errorFrom(message.failure))
    else this.#pending.get(message.id)?.resolve(message.answer)
  }

  /** Whoever works on it may ask later whether somebody still waits. */
  #drop(id: number): void {
    if (!this.#working.has(id)) return
    const controller = this.#working.get(id) ?? new AbortController()
    this.#working.set(id, controller)
    controller.abort()
  }

  #work(name: string, id: number, body: unknown): void {
    this.#working.set(id, undefined)
    const signal = (): AbortSignal => {
      const controller = this.#working.get(id) ?? new AbortController()
      if (this.#working.has(id)) this.#working.set(id, controller)
      else controller.abort()
      return controller.signal
    }
    const reply = (message: Message): void => {
      this.#working.delete(id)
      if (this.#ended === undefined) this.#send(message)
    }
    const failed = (thrown: unknown): void => reply({ id, failure: failureFrom(thrown) })
    try {
      const answer = this.#handlers.asks[name]?.(body, signal)
      if (answer instanceof Promise) answer.then((later: unknown) => reply({ id, answer: later })).catch(failed)
      else reply({ id, answer })
    } catch (thrown) {
      failed(thrown)
    }
  }
}

function failureFrom(thrown: unknown): Failure {
  if (!(thrown instanceof ServiceError)) return { details: errorText(thrown) }
  const { code, data, details, suggestion } = thrown
  return { code, data, details, suggestion }
}

function errorFrom({ code, details, ...more }: Failure): Error {
  return code === undefined ? new Error(details) : new ServiceError(code, { details, ...more })
}
