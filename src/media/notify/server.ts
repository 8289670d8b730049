/**
 * The unix socket on which our notifier (`native/notifier`), run by MediaMTX as its hooks, tells that a path has readers (a
 * connection that is open is demand) and which files were recorded (one line per file).
 */

import { constants, existsSync } from 'node:fs'
import { chmod, type FileHandle, open, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Logger } from '../../base/logger.js'
import { makeFolder } from '../../base/make-folder.js'
import { parseNotice, type SegmentNotice } from './notice.js'

export interface NotifierServerOptions {
  /** Made when missing, readable by us alone. */
  readonly directory: string
  /** Hears each path whose notifiers came or went. */
  readonly onDemand: (path: string) => void
  readonly onSegment: (notice: SegmentNotice) => void
  readonly logger: Logger
}

const SOCKET_NAME = 'demand.sock'
/** A path and a file name, each as long as the system allows. */
const MAX_LINE_BYTES = 8_192
const MAX_CONNECTIONS = 1024

export class NotifierServer {
  /** What notifiers connect to. */
  readonly socketFile: string
  readonly #options: NotifierServerOptions
  readonly #sockets = new Set<Socket>()
  readonly #counts = new Map<string, number>()
  #server: Server | undefined
  #handle: FileHandle | undefined

  constructor(options: NotifierServerOptions) {
    this.#options = options
    this.socketFile = join(options.directory, SOCKET_NAME)
  }

  get listening(): boolean {
    return this.#server?.listening === true
  }

  /** Notifiers connected for `path` now. */
  count(path: string): number {
    return this.#counts.get(path) ?? 0
  }

  async start(): Promise<void> {
    const { directory, logger } = this.#options
    await makeFolder(directory, 0o700)
    await chmod(directory, 0o700)
    await rm(this.socketFile, { force: true })
    this.#handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY)
    // Named through the open directory, because a deep state directory does not fit into a socket address.
    const address = `/proc/self/fd/${this.#handle.fd}/${SOCKET_NAME}`
    const server = createServer((socket) => this.#accept(socket))
    server.maxConnections = MAX_CONNECTIONS
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(address, resolve)
    })
    server.on('error', (error) => logger.warn({ error: error.message }, 'notifier socket'))
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
      const notice = parseNotice(line.slice(0, end))
      if (notice?.kind === 'demand') {
        path = notice.path
        this.#add(path, 1)
        return
      }
      // Said all it has to say, or talks nonsense.
      socket.destroy()
      if (notice !== undefined) this.#options.onSegment(notice)
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
    this.#options.onDemand(path)
  }
}
