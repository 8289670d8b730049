/**
 * Whether a machine sends who asks for a stream to another one. MediaMTX would follow (seen with 1.20.1), wherever that leads, so such a
 * stream is not taken; one that begins to do so later is asked again now and then, and let go of. It is asked as MediaMTX asks, with the
 * login that its address holds when it wants one: some send nobody away who has not logged in.
 */

import { connect, type Socket } from 'node:net'
import { connect as connectTls, TLSSocket } from 'node:tls'
import { placeOf, withoutLogin } from './address.js'
import { authorization, loginOf } from './rtsp-login.js'

const TIMEOUT_MS = 2_000
/** What has not said its status by then is no answer. */
const MAX_LINE_BYTES = 4_096
/** Head and body. */
const MAX_REPLY_BYTES = 128 * 1024
/** In the words of MediaMTX: a machine that looks at who asks gives it the same answer. */
const AGENT = 'gortsplib'

/** `login_refused`: what it says to others, nobody here knows. */
export type Sends = 'here' | 'elsewhere' | 'login_refused'

/** `url`: of the machine itself, as it is fetched. Only there is the login told. `here` of a machine that says nothing. Never rejects. */
export function whereSent(url: string, timeoutMs = TIMEOUT_MS): Promise<Sends> {
  const { host, port } = placeOf(url)
  const uri = withoutLogin(url)
  return new Promise((resolve) => {
    const isTls = /^rtsps:/i.test(url)
    // Who holds the certificate matters for the login alone.
    const socket: Socket = isTls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port })
    let text = ''
    let asked = 0
    const end = (answer: Sends): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const ask = (more = ''): void => {
      asked += 1
      text = ''
      socket.write(
        `DESCRIBE ${uri} RTSP/1.0\r\nAccept: application/sdp\r\n${more}CSeq: ${asked}\r\nUser-Agent: ${AGENT}\r\n\r\n`,
        'latin1',
      )
    }
    const timer = setTimeout(() => end('here'), timeoutMs)
    socket.once('error', () => end('here'))
    socket.once('close', () => end('here'))
    socket.once(isTls ? 'secureConnect' : 'connect', () => ask())
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part
      const status = /^RTSP\/1\.0 (\d\d\d)/.exec(text)?.[1]
      if (status === undefined) {
        if (text.length > MAX_LINE_BYTES) end('here')
        return
      }
      if (status !== '401' || asked > 1 || text.length > MAX_REPLY_BYTES) {
        end(status.startsWith('3') ? 'elsewhere' : status === '401' && asked > 1 ? 'login_refused' : 'here')
        return
      }
      const head = wholeHead(text)
      if (head === undefined) return
      const login = isTrusted(socket) ? loginOf(url) : undefined
      const answer = login && authorization(valuesOf(head, 'www-authenticate'), login, { method: 'DESCRIBE', uri })
      if (answer === undefined) end('here')
      else ask(`Authorization: ${answer}\r\n`)
    })
  })
}

/** MediaMTX logs in nowhere else either. */
function isTrusted(socket: Socket): boolean {
  return !(socket instanceof TLSSocket) || socket.authorized
}

/** Undefined until the answer has come with its body, which is none of the next one. */
function wholeHead(text: string): string | undefined {
  const at = text.indexOf('\r\n\r\n')
  if (at < 0) return undefined
  const head = text.slice(0, at)
  const length = Number(valuesOf(head, 'content-length')[0] ?? 0)
  return text.length >= at + 4 + (Number.isFinite(length) ? length : 0) ? head : undefined
}

function valuesOf(head: string, name: string): readonly string[] {
  return head.split('\r\n').flatMap((line) => {
    const colon = line.indexOf(':')
    return line.slice(0, colon).trim().toLowerCase() === name ? [line.slice(colon + 1)] : []
  })
}
