/** The body that has to be a JSON object. Pure. */

import { type BodyFault, FAULTS, HttpFault } from '../errors.js'
import { jsonFaultOffset } from './json-offset.js'
import { repeatedKeys } from './json-repeats.js'

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
