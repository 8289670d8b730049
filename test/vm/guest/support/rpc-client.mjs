// A JSON-RPC client for tests: calls by id, notifications in a list that tests wait on.
import { once } from 'node:events'
import WebSocket from 'ws'
import { within } from './wait.mjs'

/** Longest wait for a reply: on an emulated processor the first conversion of a picture alone takes 20 s. */
const CALL_MS = 90_000

/** An error reply; `code` and `data` as on the wire. */
export class RpcError extends Error {
  constructor({ code, message, data }) {
    super(`${code} ${message} ${JSON.stringify(data ?? {})}`)
    this.code = code
    this.data = data
  }
}

export class RpcClient {
  #socket
  #nextId = 1
  #calls = new Map()
  #waiting = new Set()
  /** Every notification since the connection was opened, `{ method, params }` with `atMs` of arrival, in order. */
  notifications = []

  /** Opens a connection and, when a token is given, authenticates. */
  static async open(url, token) {
    const client = new RpcClient(new WebSocket(url))
    await within(10_000, `a connection to ${url}`, once(client.#socket, 'open'))
    if (token !== undefined) await client.call('authenticate', { auth_token: token })
    return client
  }

  constructor(socket) {
    this.#socket = socket
    socket.on('message', (data) => this.#take(JSON.parse(data.toString())))
    socket.on('close', (code) => {
      for (const { reject } of this.#calls.values()) reject(new Error(`the connection closed with ${code}`))
      this.#calls.clear()
    })
  }

  /** The result, or throws RpcError. */
  call(method, params = {}, timeoutMs = CALL_MS) {
    const id = this.#nextId++
    const reply = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }))
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return within(timeoutMs, `the reply to ${method}`, reply)
  }

  /** The first notification from place `from` in the list on that fits; waits for it. */
  async notification(method, fits = () => true, { from = 0, timeoutMs = 60_000 } = {}) {
    const isIt = (one) => one.method === method && fits(one.params)
    const known = this.notifications.slice(from).find(isIt)
    if (known !== undefined) return known
    let waiter
    const arrived = new Promise((resolve) => {
      waiter = (one) => isIt(one) && resolve(one)
      this.#waiting.add(waiter)
    })
    return within(timeoutMs, `the notification ${method}`, arrived).finally(() => this.#waiting.delete(waiter))
  }

  async close() {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, 'close')
    this.#socket.close()
    await within(5_000, 'the close of the connection', closed)
  }

  #take(message) {
    if (message.id === undefined || message.id === null) {
      const one = { method: message.method, params: message.params, atMs: performance.now() }
      this.notifications.push(one)
      for (const waiter of this.#waiting) waiter(one)
      return
    }
    const call = this.#calls.get(message.id)
    this.#calls.delete(message.id)
    if (message.error === undefined) call?.resolve(message.result)
    else call?.reject(new RpcError(message.error))
  }
}
