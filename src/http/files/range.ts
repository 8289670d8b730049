/** The `Range` header (RFC 9110 §14) for one file. Pure. */

/** Bytes `from` up to, but not including, `to`. */
export interface Span {
  readonly from: number
  readonly to: number
}

const SINGLE = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/i
/** Beyond it the digits say nothing any more. */
const MAX_DIGITS = 15

/**
 * The part that is wanted; undefined: all of it. Other units and several ranges are not understood, and a server may send all then.
 * `unsatisfiable`: no byte of it exists, or the header is none.
 */
export function spanOf(header: string, sizeBytes: number): Span | 'unsatisfiable' | undefined {
  if (header === '' || !/^bytes\s*=/i.test(header) || header.includes(',')) return undefined
  const [, first = '', last = ''] = SINGLE.exec(header) ?? []
  if (first.length > MAX_DIGITS || (first === '' && last === '')) return 'unsatisfiable'
  const end = last === '' || last.length > MAX_DIGITS ? Number.POSITIVE_INFINITY : Number(last)
  if (first === '') return end === 0 || sizeBytes === 0 ? 'unsatisfiable' : { from: Math.max(0, sizeBytes - end), to: sizeBytes }
  const from = Number(first)
  if (from >= sizeBytes || end < from) return 'unsatisfiable'
  return { from, to: Math.min(sizeBytes, end + 1) }
}
