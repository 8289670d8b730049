/** A failed check in words: which parameter, which rule, what to send instead. Derived from the schema. */

import { ServiceError } from '../base/errors.js'
import type { Params } from './message.js'
import type { TObject, TSchema } from './schema.js'

const MAX_SHOWN_CHARS = 64

/** INVALID_PARAMS for the fault at `path`, a JSON pointer into `params`. */
export function explainFault(schema: TObject, params: Params, path: string): ServiceError {
  const [param = '', ...below] = path.split('/').slice(1)
  const known = schema.properties[param]
  if (known === undefined) {
    return fault(param || 'params', 'object', 'send an object', 'params do not fit the method')
  }
  const value = Object.hasOwn(params, param) ? params[param] : undefined
  const rule = ruleText(known)
  if (value === undefined) return fault(param, rule, `send ${param}`, `${param} is required`)
  const place = below.length === 0 ? param : `${param}[${below.join('.')}]`
  return fault(param, rule, hintFor(known, value, rule), `${place} was ${shown(at(value, below))}`)
}

/** What a value must be, in words. */
export function ruleText(schema: TSchema): string {
  if (typeof schema.rule === 'string') return schema.rule
  const choices = choicesOf(schema)
  if (choices !== undefined) return `one of ${choices.join(', ')}`
  switch (schema.type) {
    case 'integer':
    case 'number':
      return `${schema.type}${rangeText(schema.minimum, schema.maximum)}`
    case 'array':
      return `array of ${ruleText(schema.items)}s${rangeText(schema.minItems, schema.maxItems, 'with ', ' entries')}`
    case 'string':
      return `string${rangeText(schema.minLength, schema.maxLength, 'of ', ' characters')}`
    default:
      return String(schema.type ?? 'any value')
  }
}

/** The words of a closed set, undefined for any other schema. */
export function choicesOf(schema: TSchema): readonly string[] | undefined {
  const options: unknown = schema.anyOf
  if (!Array.isArray(options) || !options.every((option) => 'const' in option)) return undefined
  return options.map((option) => String(option.const))
}

function fault(param: string, rule: string, hint: string, details: string): ServiceError {
  return new ServiceError('INVALID_PARAMS', { data: { param, rule, hint }, details })
}

function hintFor(schema: TSchema, value: unknown, rule: string): string {
  if (typeof value === 'number' && typeof schema.maximum === 'number' && value > schema.maximum)
    return `send ${schema.maximum} or less`
  if (typeof value === 'number' && typeof schema.minimum === 'number' && value < schema.minimum)
    return `send ${schema.minimum} or more`
  return `send ${rule}`
}

function rangeText(low: unknown, high: unknown, before = '', after = ''): string {
  if (typeof low === 'number' && typeof high === 'number')
    return ` ${before || 'between '}${low}${before ? ' to ' : ' and '}${high}${after}`
  if (typeof low === 'number') return ` ${before || 'of '}at least ${low}${after}`
  if (typeof high === 'number') return ` ${before || 'of '}at most ${high}${after}`
  return ''
}

function at(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const step of path) {
    found = typeof found === 'object' && found !== null ? Reflect.get(found, step) : undefined
  }
  return found
}

function shown(value: unknown): string {
  const text = JSON.stringify(value, (_name, entry: unknown) => (typeof entry === 'bigint' ? String(entry) : entry)) ?? 'absent'
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text
}
