/** Bodies: whole, bounded in size and time; and the one that has to be a JSON object. */

import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../base/clock.js'
import { type BodyFault, FAULTS, HttpFault } from '../errors.js'
import { jsonFaultOffset } from './json-offset.js'
import { repeatedKeys } from './json-repeats.js'

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

/** Throws 422 in the list form, and 400 for keys that are given twice: `refuse` makes it of what is to be said. */
export function jsonObject(
  body: Buffer,
  refuse: (problems: readonly string[]) => HttpFault = (problems) => FAULTS.badRequest(`Invalid body: ${problems.join('; ')}`),
): Record<string, unknown> {
  if (body.length === 0) throw listFault({ type: 'missing', loc: ['body'], msg: 'Field required', input: null })
  const text = body.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw listFault({ type: 'json_invalid', loc: ['body', jsonFaultOffset(text)], msg: 'JSON decode error', input: {} })
  }
  if (!isObject(value)) {
    throw listFault({ type: 'dict_type', loc: ['body'], msg: 'Input should be a valid dictionary', input: value })
  }
  const repeated = repeatedKeys(text)
  if (repeated.length > 0) throw refuse(repeated.map((key) => `${key}: is there twice`))
  return value
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function listFault(fault: BodyFault): HttpFault {
  return new HttpFault(422, 'INVALID_BODY', [fault])
}
