/** Filters of a subscription (contract §10.3): exact matches on the payload, joined with AND. */

import { invalidParam } from '../base/errors.js'
import { namesOf } from './topics.js'

export type Payload = Readonly<Record<string, unknown>>
export type Filter = (topic: string, payload: Payload) => boolean

const MAX_TEXT_BYTES = 256
const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/** The filter as one question, undefined when everything passes. Throws INVALID_PARAMS. */
export function compileFilter(filters: Payload): Filter | undefined {
  const tests = Object.entries(filters).map(([member, wanted]) => compileMember(member, wanted))
  if (Buffer.byteLength(JSON.stringify(filters)) > MAX_TEXT_BYTES) {
    throw invalid(`at most ${MAX_TEXT_BYTES} bytes of JSON`, 'send a shorter filter', 'the filter is too long')
  }
  if (tests.length === 0) return undefined
  return (topic, payload) => tests.every((test) => test(topic, payload))
}

function compileMember(member: string, wanted: unknown): Filter {
  if (member === 'timestamp_after' || member === 'timestamp_before') return compileTime(member, wanted)
  if (typeof wanted === 'object' || typeof wanted === 'bigint')
    throw invalid('members are strings, numbers or booleans', `send a plain ${member}`, `filters.${member} is no plain value`)
  if (member === 'topic') return (topic) => namesOf(topic).some((name) => name === wanted)
  return (_topic, payload) => Object.hasOwn(payload, member) && payload[member] === wanted
}

function compileTime(member: string, wanted: unknown): Filter {
  const limitMs = typeof wanted === 'string' && RFC_3339.test(wanted) ? Date.parse(wanted) : Number.NaN
  if (Number.isNaN(limitMs)) {
    throw invalid(
      `${member} is an RFC 3339 date and time`,
      'send a time such as 2030-04-01T08:15:00Z',
      `filters.${member} is no such time`,
    )
  }
  const sign = member === 'timestamp_after' ? 1 : -1
  return (_topic, payload) => typeof payload.timestamp === 'string' && (Date.parse(payload.timestamp) - limitMs) * sign > 0
}

function invalid(rule: string, hint: string, details: string): Error {
  return invalidParam('filters', rule, hint, details)
}
