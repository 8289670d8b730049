/** Query parameters as values; a bad one is a refusal that names the rule. */

import { FAULTS } from '../errors.js'

export interface NumberRule {
  readonly min: number
  readonly max: number
  readonly whole?: true
}

const DECIMAL = /^\d{1,10}(?:\.\d{1,9})?$/

/** Undefined when it was not given. */
export function numberOf(query: URLSearchParams, name: string, { min, max, whole }: NumberRule): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN
  if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
    throw FAULTS.badParameter(name, `${whole ? 'an integer' : 'a number'} between ${min} and ${max}`)
  }
  return value
}

export function flagOf(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  if (text === null || text === '0') return false
  if (text === '1') return true
  throw FAULTS.badParameter(name, '0 or 1')
}

const MAX_LABEL = 64

export function labelOf(query: URLSearchParams, name: string): string {
  const text = query.get(name) ?? ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused.
  if (text.length > MAX_LABEL || /[\u0000-\u001f\u007f]/.test(text)) {
    throw FAULTS.badParameter(name, `at most ${MAX_LABEL} printable characters`)
  }
  return text
}
