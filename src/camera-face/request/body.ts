/** Bodies: whole, bounded in size and time. */

import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../base/clock.js'
import { FAULTS } from '../errors.js'

export interface BodyLimits {
  readonly maxBodyBytes: number
  readonly bodyMs: number
}

/** So much is read and thrown away to let the client read its refusal; whoever sends more is cut off. */
const PATIENCE_FACTOR = 16
const NOTHING = Buffer.alloc(0)

/** Rejects with 413, 408, or 400 when the client stops half-way. */
export async function readBody(request: IncomingMessage, { maxBodyBytes, bodyMs }: BodyLimits, clock: Clock): Promise<Buffer> {
  const announced = request.headers['content-length']
  if (announced === undefined && request.headers['transfer-encoding'] === undefined) return NOTHING
  const patience = maxBodyBytes * PATIENCE_FACTOR
  if (Number(announced ?? 0) > patience) throw FAULTS.bodyTooLarge()

  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const settle = (act: () => void): void => {
      cancel()
      request.removeAllListeners('data').removeAllListeners('end').removeAllListeners('close')
      act()
    }
    const cancel = clock.after(bodyMs, () => settle(() => reject(FAULTS.requestTimeout())))
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBodyBytes) chunks.push(chunk)
      else chunks.length = 0
      if (bytes > patience) settle(() => reject(FAULTS.bodyTooLarge()))
    })
    request.on('end', () => settle(() => (bytes > maxBodyBytes ? reject(FAULTS.bodyTooLarge()) : resolve(Buffer.concat(chunks)))))
    request.on('close', () => settle(() => reject(FAULTS.badRequest('the body ended early'))))
  })
}
