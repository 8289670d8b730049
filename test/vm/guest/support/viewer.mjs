// A viewer of a camera's MJPEG stream: reads its parts as they come.
import { once } from 'node:events'
import { connect } from 'node:net'
import { eventually, within } from './wait.mjs'

/** An emulated processor that others keep busy is slow. */
const PATIENCE_MS = 90_000
const HEAD_END = Buffer.from('\r\n\r\n')

export class Viewer {
  #socket
  #rest = Buffer.alloc(0)
  #inStream = false
  /** Status of the answer; parts so far, each with its headers (lower case), its size and when it came. */
  status = 0
  parts = []
  ended = false

  /** Connects to `/video_feed` or another stream and waits for the answer's status. */
  static async open(port, path = '/video_feed') {
    const socket = connect(port, '127.0.0.1')
    const viewer = new Viewer(socket)
    await within(PATIENCE_MS, 'a connection to the camera face', once(socket, 'connect'))
    socket.write(`GET ${path}?extra_headers=1 HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    try {
      await eventually('an answer to the viewer', () => viewer.status > 0, { timeoutMs: PATIENCE_MS })
    } catch (thrown) {
      viewer.close()
      throw thrown
    }
    return viewer
  }

  constructor(socket) {
    this.#socket = socket
    socket.on('data', (data) => this.#take(data))
    socket.on('error', () => {})
    socket.on('close', () => (this.ended = true))
  }

  get last() {
    return this.parts.at(-1)
  }

  get isLive() {
    return this.last?.headers['x-frame-online'] === 'true'
  }

  /** The first part from place `from` on that is live, or not. */
  async next({ live, from = this.parts.length, timeoutMs = PATIENCE_MS }) {
    return eventually(
      live ? 'a live frame' : 'a placeholder',
      () => {
        if (this.ended) throw new Error('the stream ended')
        return this.parts.slice(from).find((part) => (part.headers['x-frame-online'] === 'true') === live)
      },
      { timeoutMs, everyMs: 2 },
    )
  }

  close() {
    this.#socket.destroy()
  }

  #take(data) {
    const atMs = performance.now()
    this.#rest = Buffer.concat([this.#rest, data])
    if (!this.#inStream && !this.#takeHead()) return
    for (;;) {
      const end = this.#rest.indexOf(HEAD_END)
      if (end < 0) return
      const headers = parseHeaders(this.#rest.subarray(0, end).toString('latin1'))
      const from = end + HEAD_END.length
      const size = Number(headers['content-length'])
      // The boundary that follows comes with the part.
      if (this.#rest.length < from + size + 2) return
      this.parts.push({ headers, size, atMs })
      this.#rest = this.#rest.subarray(from + size + 2)
    }
  }

  #takeHead() {
    const end = this.#rest.indexOf(HEAD_END)
    if (end < 0) return false
    this.status = Number(/^HTTP\/1\.1 (\d+)/.exec(this.#rest.toString('latin1', 0, end))?.[1])
    this.#rest = this.#rest.subarray(end + HEAD_END.length)
    this.#inStream = this.status === 200
    return this.#inStream
  }
}

/** Lines before the first header (boundaries) are skipped. */
function parseHeaders(text) {
  const headers = {}
  for (const line of text.split('\r\n')) {
    const [, name, value] = /^([\w-]+): (.*)$/.exec(line) ?? []
    if (name !== undefined) headers[name.toLowerCase()] = value
  }
  return headers
}
