/** The unix socket on which notifiers tell that MediaMTX has readers for a path. A connection that is open is demand. */

import { constants, existsSync } from 'node:fs'
import { chmod, type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from '../../base/logger.js'

const SOCKET_NAME = 'demand.sock'
const MAX_LINE_BYTES = 1024
const MAX_CONNECTIONS = 1024

export class NotifierServer {
  /** What notifiers connect to. */
  readonly socketFile: string
  readonly #directory: string
  readonly #onChange: (path: string) => void
  readonly #logger: Logger
  readonly #sockets = new Set<Socket>()
  readonly #counts = new Map<string, number>()
  #server: Server | undefined
  #handle: FileHandle | undefined

  /** `directory` is made when missing, readable by us alone. `onChange` hears each path whose notifiers came or went. */
  constructor(directory: string, onChange: (path: string) => void, logger: Logger) {
    this.#directory = directory
    this.socketFile = join(directory, SOCKET_NAME)
    this.#onChange = onChange
    this.#logger = logger
  }

  get listening(): boolean {
    return this.#server?.listening === true
  }

  /** Notifiers connected for `path` now. */
  count(path: string): number {
    return this.#counts.get(path) ?? 0
  }

  async start(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    await chmod(this.#directory, 0o700)
    await rm(this.socketFile, { force: true })
    this.#handle = await open(this.#directory, constants.O_RDONLY | constants.O_DIRECTORY)
    // Named through the open directory, because a deep state directory does not fit into a socket address.
    const address = `/proc/self/fd/${this.#handle.fd}/${SOCKET_NAME}`
    const server = createServer((socket) => this.#accept(socket))
    server.maxConnections = MAX_CONNECTIONS
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, resolve)
    })
    server.on('error', (error) => this.#logger.warn({ error: error.message }, 'notifier socket'))
    server.unref()
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const socket of this.#sockets) socket.destroy()
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()))
    if (existsSync(this.socketFile)) await rm(this.socketFile, { force: true })
    await this.#handle?.close()
    this.#handle = undefined
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    let line = ''
    let path: string | undefined
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      if (path !== undefined) return
      line += chunk
      const end = line.indexOf('\n')
      if (end < 0) {
        if (line.length > MAX_LINE_BYTES) socket.destroy()
        return
      }
      const match = /^(\S+) (\d+)$/.exec(line.slice(0, end))
      if (match?.[1] === undefined) {
        socket.destroy()
        return
      }
      path = match[1]
      this.#add(path, 1)
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (path !== undefined) this.#add(path, -1)
    })
  }

  #add(path: string, change: 1 | -1): void {
    const count = this.count(path) + change
    if (count === 0) this.#counts.delete(path)
    else this.#counts.set(path, count)
    this.#onChange(path)
  }
}
