/**
 * Whether a machine sends who asks for a stream to another one. MediaMTX would follow (seen with 1.20.1), wherever that leads, so such a
 * stream is not taken. One that begins to do so later is not found out before the next start.
 */

import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { parseAddress } from './address.js'

const TIMEOUT_MS = 2_000
const MAX_REPLY_BYTES = 4_096

/** `url`: of the machine itself, as it is fetched; no credentials are sent. False for a machine that says nothing. Never rejects. */
export function redirects(url: string, timeoutMs = TIMEOUT_MS): Promise<boolean> {
  const { host, port } = parseAddress(url, 'url')
  const plain = url.replace(/^(rtsps?:\/\/)[^/?#]*@/i, '$1')
  return new Promise((resolve) => {
    // Only asked, nothing told: who holds the certificate does not matter here.
    const isTls = /^rtsps:/i.test(url)
    const socket: Socket = isTls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port })
    let reply = ''
    const end = (answer: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end(false), timeoutMs)
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      socket.write(`DESCRIBE ${plain} RTSP/1.0\r\nCSeq: 1\r\nAccept: application/sdp\r\n\r\n`)
    })
    socket.setEncoding('latin1').on('data', (text: string) => {
      reply += text
      const status = /^RTSP\/1\.0 (\d)\d\d/.exec(reply)
      if (status !== null || reply.length > MAX_REPLY_BYTES) end(status?.[1] === '3')
    })
  })
}
