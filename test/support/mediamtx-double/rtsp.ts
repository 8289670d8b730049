/** The publishing half of an RTSP server over TCP: enough for a real ffmpeg to ANNOUNCE, SETUP and RECORD. */

import { randomUUID } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import type { Runtime } from './runtime.js'

export interface RtspOptions {
  readonly runtime: Runtime
  /** Asked at each RECORD. */
  readonly refuseRecord: () => boolean
  readonly credentials: () => { readonly user: string; readonly password: string } | undefined
}

interface Handshake {
  path: string
  revision: number
}

const HEAD_END = '\r\n\r\n'

export class RtspDoor {
  readonly #options: RtspOptions
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  port = 0

  constructor(options: RtspOptions) {
    this.#options = options
  }

  async open(): Promise<void> {
    const server = createServer((socket) => this.#serve(socket))
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.port, '127.0.0.1', resolve)
    })
    const address = server.address()
    if (typeof address === 'object' && address !== null) this.port = address.port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    const server = this.#server
    this.#server = undefined
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    const id = randomUUID()
    const handshake: Handshake = { path: '', revision: 0 }
    let recording = false
    let rest = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      for (;;) {
        const used = rest[0] === 0x24 ? interleaved(rest) : request(rest)
        if (used === 0) return
        if (rest[0] === 0x24) this.#options.runtime.received(handshake.path, used)
        else {
          const text = rest.toString('latin1', 0, used)
          const reply = this.#reply(text, handshake, id)
          if (reply.startsWith('RTSP/1.0 200') && text.startsWith('RECORD')) {
            recording = true
            this.#options.runtime.publish(handshake.path, { id, close: () => socket.destroy() })
          }
          socket.write(reply)
          if (text.startsWith('TEARDOWN') || reply.startsWith('RTSP/1.0 400')) socket.end()
        }
        rest = rest.subarray(used)
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      if (recording) this.#options.runtime.unpublish(handshake.path, id)
    })
  }

  #reply(text: string, handshake: Handshake, id: string): string {
    const sequence = /^CSeq: (\d+)/im.exec(text)?.[1] ?? '0'
    const head = (status: string, extra = '') => `RTSP/1.0 ${status}\r\nCSeq: ${sequence}\r\nSession: ${id}\r\n${extra}\r\n`
    const verb = text.slice(0, text.indexOf(' '))
    if (verb === 'OPTIONS') return head('200 OK', 'Public: DESCRIBE, ANNOUNCE, SETUP, RECORD, TEARDOWN\r\n')
    if (verb === 'ANNOUNCE') {
      if (!this.#authorized(text)) return head('401 Unauthorized', 'WWW-Authenticate: Basic realm="mediamtx"\r\n')
      handshake.path = /^ANNOUNCE rtsp:\/\/[^/]+\/(\S+)/.exec(text)?.[1] ?? ''
      const live = this.#options.runtime.get(handshake.path)
      if (live === undefined) return head('400 Bad Request')
      handshake.revision = live.revision
    }
    if (verb === 'SETUP') return head('200 OK', `${/^Transport: .*$/im.exec(text)?.[0] ?? ''}\r\n`)
    // The path changed since ANNOUNCE: configuration has changed.
    if (verb === 'RECORD') {
      const changed = this.#options.runtime.get(handshake.path)?.revision !== handshake.revision
      if (this.#options.refuseRecord() || changed) return head('400 Bad Request')
    }
    return head('200 OK')
  }

  #authorized(text: string): boolean {
    const wanted = this.#options.credentials()
    if (wanted === undefined) return true
    const given = /^Authorization: Basic (\S+)/im.exec(text)?.[1] ?? ''
    return Buffer.from(given, 'base64').toString() === `${wanted.user}:${wanted.password}`
  }
}

/** Bytes of a whole interleaved packet at the start, 0 when it is not whole yet. */
function interleaved(data: Buffer): number {
  const size = data.length < 4 ? Number.POSITIVE_INFINITY : 4 + data.readUInt16BE(2)
  return data.length < size ? 0 : size
}

/** Bytes of a whole request with its body at the start, 0 when it is not whole yet. */
function request(data: Buffer): number {
  const end = data.indexOf(HEAD_END)
  if (end < 0) return 0
  const length = Number(/^Content-Length: (\d+)/im.exec(data.toString('latin1', 0, end))?.[1] ?? 0)
  const size = end + HEAD_END.length + length
  return data.length < size ? 0 : size
}
