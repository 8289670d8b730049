/** An HTTP client that writes bytes and nothing else, so that a test decides on every one of them. */

import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  /** Lower-case names; values of repeated ones joined. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly text: string
}

/** Generous: a busy machine is no failure. */
const DEADLINE_MS = 15_000

/** Writes the bytes and reads until the server closes. */
export function raw(port: number, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    let text = ''
    const timer = setTimeout(() => {
      socket.destroy()
      reject(new Error(`no end of the answer; so far: ${text}`))
    }, DEADLINE_MS)
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(text)
    })
  })
}

/** Writes the bytes; the status that is answered first, 0 when the connection ends without one. */
export function firstStatus(port: number, bytes: string | Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port })
    let text = ''
    const timer = setTimeout(() => reject(new Error(`neither an answer nor an end; so far: ${text}`)), DEADLINE_MS)
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0))
    }
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (data: Buffer) => {
      text += data.toString('latin1')
      if (text.includes('\r\n')) end()
    })
    socket.on('error', () => undefined)
    socket.on('close', end)
  })
}

/** A socket and what came on it so far. */
export function open(
  port: number,
  host = '127.0.0.1',
): { readonly socket: Socket; received(): string; until(wanted: string): Promise<string> } {
  // Half-open: what is received counts until the server ends it.
  const socket = connect({ host, port, allowHalfOpen: true })
  socket.once('end', () => socket.end())
  let text = ''
  const waiting = new Set<() => void>()
  socket.on('data', (data: Buffer) => {
    text += data.toString('latin1')
    for (const look of waiting) look()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    for (const look of waiting) look()
  })
  return {
    socket,
    received: () => text,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${wanted} never came; so far: ${text}`)), DEADLINE_MS)
        const look = (): void => {
          if (!text.includes(wanted)) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(text)
        }
        waiting.add(look)
        look()
      }),
  }
}

export interface Asked {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly host?: string
}

/** One request on a connection of its own. */
export async function ask(
  port: number,
  method: string,
  target: string,
  { headers = {}, body, host }: Asked = {},
): Promise<RawAnswer> {
  const lines = Object.entries({
    Host: host ?? `127.0.0.1:${port}`,
    Connection: 'close',
    ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return parse(await raw(port, `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`))
}

export function parse(text: string): RawAnswer {
  const end = text.indexOf('\r\n\r\n')
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4), text }
}
