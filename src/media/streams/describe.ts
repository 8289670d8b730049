/** Asks for the description of a path, as a player does first: MediaMTX connects a source for it, and answers when it has. */

import { connect } from 'node:net'

const MAX_REPLY_BYTES = 64 * 1024

/** Resolves when the path can be read. Rejects, saying why not, at the latest after `timeoutMs`. */
export function describeStream(address: string, timeoutMs: number): Promise<void> {
  const { hostname, port } = new URL(address)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) })
    let reply = ''
    const end = (failure?: string): void => {
      clearTimeout(timer)
      socket.destroy()
      if (failure === undefined) resolve()
      else reject(new Error(failure))
    }
    const timer = setTimeout(() => end(`its source did not answer within ${timeoutMs / 1000} s`), timeoutMs)
    socket.once('error', (error) => end(error.message))
    socket.once('end', () => end('MediaMTX closed the connection'))
    socket.once('connect', () => {
      socket.write(`DESCRIBE ${address} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`)
    })
    socket.setEncoding('latin1').on('data', (text: string) => {
      reply += text
      const status = /^RTSP\/1\.0 (\d{3}) ([^\r\n]*)\r\n/.exec(reply)
      if (status === null && reply.length <= MAX_REPLY_BYTES) return
      if (status?.[1] === '200') end()
      else end(status === null ? 'MediaMTX answers no RTSP' : saidWhy(status[1] ?? '', status[2] ?? ''))
    })
  })
}

/** What MediaMTX says of a source that it cannot fetch, or not in time: 400 when it is on demand, 404 when it is not. */
function saidWhy(code: string, text: string): string {
  return code === '400' || code === '404' ? 'its source cannot be fetched' : `MediaMTX answers ${code} ${text}`
}
