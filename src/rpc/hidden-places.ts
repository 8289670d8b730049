/**
 * Of a failure elsewhere the system or another program tells in its own words, and they name paths, devices and addresses of this machine.
 * Those are no client's business (reliability-security S-53); who keeps the machine finds them in the log.
 */

import type { Failure } from './wire-error.js'

/** The codes whose texts are not only ours. */
const TOLD_BY_OTHERS: ReadonlySet<string> = new Set<Failure['code']>(['DEPENDENCY_FAILED', 'STORAGE_UNREADABLE'])

const URL_TEXT = /\b[a-z][a-z0-9+.-]*:\/\/[^\s'"]+/
const QUOTED_PATH = /(?<=['"])\/[^'"]*/
/** The core writes it without quotes, and the reason behind a colon. */
const BARE_PATH = /(?<![^\s(])\/(?:[^:,]|[:,](?!\s))*/
const ADDRESS = /\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\blocalhost:\d+|\[[\da-f.]*:[\da-f:.]*\](?::\d+)?/
const PLACES = new RegExp([URL_TEXT, QUOTED_PATH, BARE_PATH, ADDRESS].map(({ source }) => source).join('|'), 'gi')

/** The failure as any client may see it; the same one when there is nothing to hide. */
export function withoutPlaces(failure: Failure): Failure {
  if (!TOLD_BY_OTHERS.has(failure.code)) return failure
  const details = hidden(failure.details)
  const members = Object.entries(failure.data)
  const data = members.map(([name, value]) => [name, typeof value === 'string' ? hidden(value) : value] as const)
  const same = details === failure.details && data.every(([, value], at) => value === members[at]?.[1])
  return same ? failure : { code: failure.code, data: Object.fromEntries(data), details, suggestion: failure.suggestion }
}

function hidden(text: string): string {
  return text.replace(PLACES, '…')
}
