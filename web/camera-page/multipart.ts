/** Cuts a stream of `multipart/x-mixed-replace` into its parts by their Content-Length. Pure. */

export interface Part {
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>
  readonly body: Uint8Array<ArrayBuffer>
}

/** The bytes are no stream of parts with lengths; nothing more can be read from it. */
export class NotMultipart extends Error {
  constructor(reason: string) {
    super(reason)
    this.name = 'NotMultipart'
  }
}

const MAX_HEAD_BYTES = 8 * 1024
const MAX_BODY_BYTES = 64 * 1024 * 1024
const LINE_FEED = 10

export class PartCutter {
  readonly #onPart: (part: Part) => void
  /** Lines read of the head, and the bytes of the one under way. */
  #lines: string[] = []
  #line: number[] = []
  #headBytes = 0
  #body: Uint8Array<ArrayBuffer> | undefined
  #filled = 0
  #headers: ReadonlyMap<string, string> = new Map()

  /** `onPart` owns the body it gets. */
  constructor(onPart: (part: Part) => void) {
    this.#onPart = onPart
  }

  /** Takes the next bytes, in pieces of any size. Throws NotMultipart. */
  push(bytes: Uint8Array): void {
    let at = 0
    while (at < bytes.length) at = this.#body === undefined ? this.#readLine(bytes, at) : this.#fill(this.#body, bytes, at)
  }

  #readLine(bytes: Uint8Array, from: number): number {
    const end = bytes.indexOf(LINE_FEED, from)
    const until = end < 0 ? bytes.length : end
    this.#headBytes += until - from
    if (this.#headBytes > MAX_HEAD_BYTES) throw new NotMultipart('the head of a part does not end')
    for (const byte of bytes.subarray(from, until)) this.#line.push(byte)
    if (end < 0) return until
    const line = String.fromCharCode(...this.#line).replace(/\r$/, '')
    this.#line = []
    if (line !== '') this.#lines.push(line)
    // The blank line before a boundary belongs to the part before it.
    else if (this.#lines.some((known) => known.includes(':'))) this.#beginBody()
    return end + 1
  }

  #beginBody(): void {
    this.#headers = new Map(
      this.#lines.flatMap((line): [string, string][] => {
        const colon = line.indexOf(':')
        return colon < 0 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]]
      }),
    )
    this.#lines = []
    this.#headBytes = 0
    const length = this.#headers.get('content-length') ?? ''
    if (!/^\d{1,9}$/.test(length) || Number(length) > MAX_BODY_BYTES) throw new NotMultipart('a part does not say its length')
    this.#body = new Uint8Array(Number(length))
    this.#filled = 0
    if (this.#body.length === 0) this.#endBody(this.#body)
  }

  #fill(body: Uint8Array<ArrayBuffer>, bytes: Uint8Array, from: number): number {
    const until = Math.min(bytes.length, from + body.length - this.#filled)
    body.set(bytes.subarray(from, until), this.#filled)
    this.#filled += until - from
    if (this.#filled === body.length) this.#endBody(body)
    return until
  }

  #endBody(body: Uint8Array<ArrayBuffer>): void {
    this.#body = undefined
    this.#onPart({ headers: this.#headers, body })
  }
}
