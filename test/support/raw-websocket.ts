/** A WebSocket client that writes frames and nothing else, so that a test decides on every bit of them. */

import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

export interface Frame {
  readonly opcode: number
  readonly payload: Buffer
}

export interface FrameWish {
  /** Default: text. */
  readonly opcode?: number
  readonly payload?: string | Buffer
  /** Default: the last of its message. */
  readonly fin?: boolean
  /** The three reserved bits. Default: none. */
  readonly rsv?: number
}

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Generous: a busy machine is no failure. */
const DEADLINE_MS = 20_000
const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='

/** The bytes of one masked frame. */
export function frame({ opcode = OPCODE.text, payload = '', fin = true, rsv = 0 }: FrameWish = {}): Buffer {
  const body = Buffer.from(payload)
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode]
  if (body.length < 126) head.push(0x80 | body.length)
  else if (body.length < 65_536) head.push(0x80 | 126, body.length >> 8, body.length & 0xff)
  else
    head.push(
      0x80 | 127,
      0,
      0,
      0,
      0,
      (body.length >>> 24) & 0xff,
      (body.length >> 16) & 0xff,
      (body.length >> 8) & 0xff,
      body.length & 0xff,
    )
  const mask = randomBytes(4)
  const masked = Buffer.from(body.map((byte, index) => byte ^ (mask[index % 4] ?? 0)))
  return Buffer.concat([Buffer.from(head), mask, masked])
}

/** The request of an upgrade; headers replace or (undefined) remove those of a good one. */
export function upgradeRequest(
  port: number,
  headers: Readonly<Record<string, string | undefined>> = {},
  line = 'GET /ws HTTP/1.1',
): string {
  const all = {
    Host: `127.0.0.1:${port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': KEY,
    ...headers,
  }
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]))
  return `${line}\r\n${lines.join('')}\r\n`
}

export class RawWebSocket {
  readonly socket: Socket
  /** Everything received, in order. */
  readonly frames: Frame[] = []
  /** The connection has ended, in whatever way. */
  readonly ended: Promise<void>
  #bytes: Buffer = Buffer.alloc(0)
  #head = ''
  readonly #watchers = new Set<() => void>()

  private constructor(socket: Socket) {
    this.socket = socket
    this.ended = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => this.#receive(data))
  }

  /** The answer to the upgrade, as far as its headers go. */
  get head(): string {
    return this.#head
  }

  /** Rejects with the server's answer when it is not an upgrade. */
  static async open(port: number, headers: Readonly<Record<string, string | undefined>> = {}): Promise<RawWebSocket> {
    const client = new RawWebSocket(connect({ host: '127.0.0.1', port }))
    client.socket.write(upgradeRequest(port, headers))
    await client.until(() => client.#head !== '')
    if (!client.#head.startsWith('HTTP/1.1 101')) throw new Error(client.#head)
    return client
  }

  /** Writes the bytes in pieces of `bytesEach`, each as a packet of its own. */
  async write(bytes: Buffer, bytesEach = bytes.length): Promise<void> {
    for (let at = 0; at < bytes.length; at += bytesEach) {
      if (this.socket.destroyed) return
      this.socket.write(bytes.subarray(at, at + bytesEach))
      if (bytesEach < bytes.length) await new Promise<void>((resolve) => setImmediate(resolve))
    }
  }

  /** Resolves once `done` holds; looked at with all that comes. Rejects when the connection ends before. */
  async until(done: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (done()) resolve()
        else if (this.socket.destroyed) reject(new Error('the connection has ended'))
      }
      this.#watchers.add(look)
      this.ended.then(look)
      setTimeout(() => reject(new Error(`nothing came for long; so far ${this.frames.length} frames`)), DEADLINE_MS).unref()
      look()
    })
  }

  #receive(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data])
    if (this.#head === '') {
      const end = this.#bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      this.#head = this.#bytes.toString('latin1', 0, end)
      this.#bytes = this.#bytes.subarray(end + 4)
    }
    while (this.#take());
    for (const look of this.#watchers) look()
  }

  /** Servers send no masks and, ours, no fragments. */
  #take(): boolean {
    const [first, second] = this.#bytes
    if (first === undefined || second === undefined) return false
    const short = second & 0x7f
    const headBytes = short === 126 ? 4 : short === 127 ? 10 : 2
    if (this.#bytes.length < headBytes) return false
    const length = short === 126 ? this.#bytes.readUInt16BE(2) : short === 127 ? Number(this.#bytes.readBigUInt64BE(2)) : short
    if (this.#bytes.length < headBytes + length) return false
    this.frames.push({ opcode: first & 0x0f, payload: Buffer.from(this.#bytes.subarray(headBytes, headBytes + length)) })
    this.#bytes = this.#bytes.subarray(headBytes + length)
    return true
  }
}
