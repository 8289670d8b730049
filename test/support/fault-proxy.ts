/** A TCP proxy that does to connections what networks and dying servers do. */

import { connect, createServer, type Server, type Socket } from 'node:net'

export interface ProxyFaults {
  /** Replies end after so many bytes, the connection with them. */
  cutAfterBytes: number | undefined
  /** A byte of a reply each so many milliseconds. */
  dripMs: number | undefined
  /** Connections are taken and nothing goes through, as with a stopped process. */
  stalled: boolean
}

export class FaultProxy {
  readonly faults: ProxyFaults = { cutAfterBytes: undefined, dripMs: undefined, stalled: false }
  readonly #target: () => number
  readonly #sockets = new Set<Socket>()
  readonly #held: (() => void)[] = []
  #server: Server | undefined
  port = 0
  /** Client connections open now, and the most there were at once. */
  open = 0
  mostOpen = 0

  /** `target`: the port behind, asked at each connection. */
  constructor(target: () => number) {
    this.#target = target
  }

  async start(): Promise<void> {
    const server = createServer((client) => this.#accept(client))
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.port = address.port
  }

  /** What was held back goes on. */
  resume(): void {
    this.faults.stalled = false
    for (const release of this.#held.splice(0)) release()
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const server = this.#server
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }

  #accept(client: Socket): void {
    this.open++
    this.mostOpen = Math.max(this.mostOpen, this.open)
    const server = connect(this.#target(), '127.0.0.1')
    for (const socket of [client, server]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        client.destroy()
        server.destroy()
      })
    }
    client.on('close', () => this.open--)
    client.on('data', (bytes) => this.#whenFlowing(() => server.write(bytes)))
    let sent = 0
    server.on('data', (bytes) => this.#whenFlowing(() => this.#reply(client, bytes, sent, (more) => (sent += more))))
  }

  #reply(client: Socket, bytes: Buffer, sent: number, count: (bytes: number) => void): void {
    const { cutAfterBytes, dripMs } = this.faults
    if (dripMs !== undefined) {
      this.#drip(client, bytes, dripMs)
      return
    }
    const part = cutAfterBytes === undefined ? bytes : bytes.subarray(0, Math.max(0, cutAfterBytes - sent))
    count(part.length)
    client.write(part)
    if (part.length < bytes.length) client.end()
  }

  #drip(client: Socket, bytes: Buffer, dripMs: number): void {
    let at = 0
    const timer = setInterval(() => {
      if (at < bytes.length && !client.destroyed) client.write(bytes.subarray(at, ++at))
      else clearInterval(timer)
    }, dripMs)
    client.on('close', () => clearInterval(timer))
  }

  #whenFlowing(act: () => void): void {
    if (this.faults.stalled) this.#held.push(act)
    else act()
  }
}
