/** One viewer of a stream on one connection for as long as it likes: what sizes the pictures have that reach it. */

import { type ClientRequest, type IncomingMessage, request } from 'node:http'

const DEADLINE_MS = 15_000

interface Waiting {
  readonly size: string
  readonly resolve: () => void
}

export class MjpegViewer {
  readonly #request: ClientRequest
  #bytes = Buffer.alloc(0)
  #waiting: Waiting[] = []
  #isOpen = true
  /** Of the newest picture: `640x480`. */
  size = ''
  frames = 0

  /** Resolves when the answer has begun. */
  static open(port: number, target: string): Promise<MjpegViewer> {
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path: target, agent: false }, (response) => {
        if (response.statusCode === 200) resolve(new MjpegViewer(sent, response))
        else reject(new Error(`${target}: ${response.statusCode}`))
      })
      sent.on('error', reject)
      sent.end()
    })
  }

  private constructor(sent: ClientRequest, response: IncomingMessage) {
    this.#request = sent
    response.on('data', (data: Buffer) => this.#take(data))
    response.on('error', () => undefined)
    response.on('close', () => {
      this.#isOpen = false
    })
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Resolves with the next picture of this size; rejects when none comes in time. */
  frameOf(width: number, height: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const size = `${width}x${height}`
      const timer = setTimeout(() => reject(new Error(`no picture of ${size}; the newest is ${this.size}`)), DEADLINE_MS)
      this.#waiting.push({
        size,
        resolve: () => {
          clearTimeout(timer)
          resolve()
        },
      })
    })
  }

  close(): void {
    this.#request.destroy()
  }

  #take(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data])
    for (;;) {
      const head = this.#bytes.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/Content-Length: (\d+)/.exec(this.#bytes.toString('latin1', 0, head))?.[1])
      const end = head + 4 + length
      if (this.#bytes.length < end) return
      this.#frame(this.#bytes.subarray(head + 4, end))
      this.#bytes = this.#bytes.subarray(end)
    }
  }

  #frame(jpeg: Buffer): void {
    this.frames += 1
    this.size = sizeOf(jpeg)
    const here = this.#waiting.filter(({ size }) => size === this.size)
    this.#waiting = this.#waiting.filter(({ size }) => size !== this.size)
    for (const { resolve } of here) resolve()
  }
}

/** From the frame header of a baseline picture. */
function sizeOf(jpeg: Buffer): string {
  for (let at = 2; at + 9 < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2)) {
    if (jpeg[at] !== 0xff) break
    if (jpeg[at + 1] === 0xc0) return `${jpeg.readUInt16BE(at + 7)}x${jpeg.readUInt16BE(at + 5)}`
  }
  return 'unknown'
}
