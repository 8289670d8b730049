/** Fetches one file, going on where an earlier attempt was cut. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { errorText } from '../../base/errors.js'

export interface DownloadOptions {
  readonly url: string
  /** Grows by what arrives; kept when the download is cut, so that the next one goes on. */
  readonly partFile: string
  readonly signal: AbortSignal
  readonly onProgress?: (receivedBytes: number, totalBytes: number | undefined) => void
  /** Silence of the server after which a connection is given up. */
  readonly idleTimeoutMs: number
}

/** Attempts in a row that bring nothing new. */
const BARREN_ATTEMPTS = 3
/** Far above any release; a server that never ends must not fill the disk. */
const MAX_BYTES = 300 * 1024 * 1024

/** Resolves when the whole file is in `partFile`. Rejects with what the server or the network said last. */
export async function download(options: DownloadOptions): Promise<void> {
  let barren = 0
  for (;;) {
    const before = await sizeOf(options.partFile)
    try {
      await attempt(options, before)
      return
    } catch (thrown) {
      options.signal.throwIfAborted()
      if (thrown instanceof Refused) throw thrown
      barren = (await sizeOf(options.partFile)) > before ? 0 : barren + 1
      if (barren >= BARREN_ATTEMPTS) throw new Error(networkText(thrown), { cause: thrown })
    }
  }
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** The server answered and will answer the same again. */
class Refused extends Error {}

async function attempt(options: DownloadOptions, haveBytes: number): Promise<void> {
  const idle = new AbortController()
  let timer = setTimeout(() => idle.abort(new Error('the server went silent')), options.idleTimeoutMs)
  const alive = () => {
    clearTimeout(timer)
    timer = setTimeout(() => idle.abort(new Error('the server went silent')), options.idleTimeoutMs)
  }
  try {
    const reply = await fetch(options.url, {
      signal: AbortSignal.any([options.signal, idle.signal]),
      headers: haveBytes > 0 ? { range: `bytes=${haveBytes}-` } : {},
    })
    // All of it is here already.
    if (reply.status === 416 && haveBytes > 0) return
    if (reply.status !== 200 && reply.status !== 206) throw new Refused(`${options.url} answers ${reply.status}`)
    if (reply.body === null) throw new Error('reply without a body')
    // A server without ranges sends the whole file again.
    const start = reply.status === 206 ? haveBytes : 0
    const length = reply.headers.get('content-length')
    const total = length === null ? undefined : start + Number(length)
    await append(options, reply.body, start, total, alive)
  } finally {
    clearTimeout(timer)
  }
}

async function append(
  options: DownloadOptions,
  body: AsyncIterable<Uint8Array>,
  start: number,
  total: number | undefined,
  alive: () => void,
): Promise<void> {
  const file = await open(options.partFile, start === 0 ? 'w' : 'a')
  let received = start
  try {
    for await (const chunk of body) {
      alive()
      received += chunk.length
      if (received > MAX_BYTES) throw new Refused(`${options.url} is larger than ${MAX_BYTES} bytes`)
      await file.write(chunk)
      options.onProgress?.(received, total)
    }
    if (total !== undefined && received < total) throw new Error('the connection was cut')
    await file.sync()
  } finally {
    await file.close()
  }
}

async function sizeOf(file: string): Promise<number> {
  return await stat(file).then(
    (found) => found.size,
    () => 0,
  )
}

/** `fetch failed` says nothing; its cause does. */
function networkText(thrown: unknown): string {
  return thrown instanceof Error && thrown.cause !== undefined ? errorText(thrown.cause) : errorText(thrown)
}
