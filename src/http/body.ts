/** The body of a request that may have one. */

import type { HttpResponse } from './uws.js'

const MAX_BYTES = 64 * 1024

/** All of it as text, or `tooBig` as soon as that is known, once. Never called when the client goes before. */
export function readBody(response: HttpResponse, onBody: (text: string, tooBig: boolean) => void): void {
  let pieces: Buffer[] = []
  let bytes = 0
  let ended = false
  response.onData((piece, isLast) => {
    if (ended) return
    bytes += piece.byteLength
    if (bytes > MAX_BYTES) {
      ended = true
      pieces = []
      onBody('', true)
      return
    }
    // The memory is only lent.
    pieces.push(Buffer.from(piece.slice(0)))
    if (!isLast) return
    ended = true
    onBody(Buffer.concat(pieces).toString('utf8'), false)
  })
}
