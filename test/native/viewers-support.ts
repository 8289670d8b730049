import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Core, ViewerOptions } from '../../src/native/index.js'

export const CHANNEL = 'camera0'

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\nConnection: close\r\n\r\n'

/** An HTTP server that does nothing but hand every connection to the core; closed after `use`. */
export async function withViewerServer<T>(
  core: Core,
  use: (port: number) => Promise<T>,
  wish: Partial<ViewerOptions> = {},
): Promise<T> {
  const server = createServer((request) => {
    core.addViewer(descriptorOf(request.socket), CHANNEL, { head: HEAD, remote: request.socket.remoteAddress ?? '', ...wish })
    request.socket.destroy()
  })
  const port = await listening(server)
  try {
    return await use(port)
  } finally {
    server.close()
  }
}

/** Node has no public name for a socket's descriptor. */
function descriptorOf(socket: Socket): number {
  return (socket as Socket & { readonly _handle: { readonly fd: number } })._handle.fd
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

type Place = 'head' | 'first' | 'headers' | 'body' | 'boundary' | 'over'

/** What a strict reader of the stream sees; the first thing that is not as it must be is `fault`. */
export class StreamReader {
  readonly socket: Socket
  /** The last headers, and all pictures when they are kept. */
  headers = new Map<string, string>()
  readonly pictures: Buffer[] = []
  parts = 0
  bytes = 0
  closing = false
  ended = false
  fault: string | undefined
  readonly #keep: boolean
  #text: Buffer = Buffer.alloc(0)
  #state: Place = 'head'
  #missing = 0
  #body: Buffer[] = []

  constructor(port: number, keep = false) {
    this.#keep = keep
    this.socket = connect(port, '127.0.0.1', () => this.socket.write('GET / HTTP/1.1\r\nHost: camera\r\n\r\n'))
    this.socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length
      this.#take(chunk)
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.ended = true
    })
  }

  close(): void {
    this.socket.destroy()
  }

  #take(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0 && this.fault === undefined)
      rest = this.#state === 'body' ? this.#takeBody(rest) : this.#takeText(rest)
  }

  #takeBody(chunk: Buffer): Buffer {
    const part = chunk.subarray(0, this.#missing)
    if (this.#keep) this.#body.push(part)
    this.#missing -= part.length
    if (this.#missing === 0) this.#state = 'boundary'
    return chunk.subarray(part.length)
  }

  #takeText(chunk: Buffer): Buffer {
    const text = this.#text.length === 0 ? chunk : Buffer.concat([this.#text, chunk])
    this.#text = Buffer.alloc(0)
    switch (this.#state) {
      case 'head':
        return this.#until(text, '\r\n\r\n', () => 'first')
      case 'first':
        return this.#exactly(text, '--frame\r\n', () => 'headers')
      case 'headers':
        if (text.toString('latin1') === '--frame--\r\n') {
          this.closing = true
          this.#state = 'over'
          return text.subarray(text.length)
        }
        return this.#until(text, '\r\n\r\n', (headers) => this.#begin(headers))
      case 'boundary':
        return this.#exactly(text, '\r\n--frame\r\n', () => this.#finish())
      default:
        this.fault = 'something behind the closing boundary'
        return text
    }
  }

  #until(text: Buffer, mark: string, then: (found: string) => Place): Buffer {
    const end = text.indexOf(mark)
    if (end < 0) {
      this.#text = text
      if (text.length > 4_096) this.fault = 'no end of headers'
      return text.subarray(text.length)
    }
    this.#state = then(text.toString('latin1', 0, end))
    return text.subarray(end + mark.length)
  }

  #exactly(text: Buffer, wanted: string, then: () => Place): Buffer {
    const found = text.toString('latin1', 0, wanted.length)
    if (!wanted.startsWith(found)) this.fault = `${JSON.stringify(found)} where ${JSON.stringify(wanted)} must be`
    if (found.length < wanted.length) {
      this.#text = text
      return text.subarray(text.length)
    }
    this.#state = then()
    return text.subarray(wanted.length)
  }

  #begin(text: string): 'body' {
    this.headers = new Map(text.split('\r\n').map((line) => line.split(': ', 2) as [string, string]))
    const lines = text.split('\r\n')
    if (lines[0] !== 'Content-Type: image/jpeg') this.fault = `the first header is ${lines[0]}`
    if (!/^Content-Length: [1-9]\d*$/.test(lines[1] ?? '')) this.fault = `the second header is ${lines[1]}`
    if (!/^X-Timestamp: \d+\.\d{6}$/.test(lines[2] ?? '')) this.fault = `the third header is ${lines[2]}`
    if (text.length + 4 >= 512 || lines.some((line) => line.length + 2 >= 128)) this.fault = 'headers too long'
    this.#missing = Number(this.headers.get('Content-Length'))
    return 'body'
  }

  #finish(): 'headers' {
    this.parts += 1
    if (this.#keep) this.pictures.push(Buffer.concat(this.#body))
    this.#body = []
    return 'headers'
  }
}
