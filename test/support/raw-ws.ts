/** WebSocket clients by the thousand: as little as the protocol asks for, on bare sockets. */

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const UPGRADE = [
  'GET /ws HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  '\r\n',
].join('\r\n')

/** A text frame, masked with nothing but zeros. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const head = payload.length < 126 ? [0x81, 0x80 | payload.length] : [0x81, 0xfe, payload.length >> 8, payload.length & 0xff]
  return Buffer.concat([Buffer.from(head), Buffer.alloc(4), payload])
}

export function call(id: number, method: string, params: object = {}): Buffer {
  return textFrame(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
}

/** Upgraded, or rejected with the status line. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  socket.on('error', () => undefined)
  socket.write(UPGRADE)
  const head = await hears(socket, '\r\n\r\n')
  if (!head.startsWith('HTTP/1.1 101')) {
    socket.destroy()
    throw new Error(head.split('\r\n', 1)[0])
  }
  return socket
}

/** Logged in. */
export async function openSession(port: number, token: string): Promise<Socket> {
  const socket = await openSocket(port)
  socket.write(call(1, 'authenticate', { auth_token: token }))
  await hears(socket, '"authenticated":true')
  return socket
}

/** What came until `wanted` did. */
export function hears(socket: Socket, wanted: string): Promise<string> {
  let text = ''
  return new Promise((resolve, reject) => {
    const take = (data: Buffer): void => {
      text += data.toString('latin1')
      if (text.includes(wanted)) settle(() => resolve(text))
    }
    const gone = (): void => settle(() => reject(new Error(`closed before ${wanted}: ${text.slice(0, 100)}`)))
    const settle = (done: () => void): void => {
      socket.off('data', take).off('close', gone)
      done()
    }
    socket.on('data', take).once('close', gone)
  })
}

/** Runs at most `width` of the tasks at a time. */
export async function inTurns<Result>(count: number, width: number, task: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const index = next
      next += 1
      results[index] = await task(index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker))
  return results
}

export async function gone(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close'))))
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
