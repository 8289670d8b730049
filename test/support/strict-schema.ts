/** A value against JSON Schema, with no member beyond those described: one line per fault. Knows what our schemas use. */

import type { JsonSchema } from './contract-types.js'

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/

interface StrictSchema extends JsonSchema {
  readonly additionalProperties?: boolean
}

export function faultsOf(schema: StrictSchema, value: unknown, place = 'result'): string[] {
  if (schema.anyOf !== undefined) {
    const all = schema.anyOf.map((option) => faultsOf(option, value, place))
    return all.some((faults) => faults.length === 0) ? [] : (all[0] ?? [])
  }
  if (schema.const !== undefined) return value === schema.const ? [] : [`${place} is ${JSON.stringify(value)}`]
  if (schema.enum !== undefined) return schema.enum.includes(String(value)) ? [] : [`${place} is ${JSON.stringify(value)}`]
  switch (schema.type) {
    case 'object':
      return isRecord(value) ? objectFaults(schema, value, place) : [`${place} is no object`]
    case 'array':
      if (!Array.isArray(value)) return [`${place} is no array`]
      return value.flatMap((entry, index) => faultsOf(schema.items ?? {}, entry, `${place}[${index}]`))
    case 'string':
      if (typeof value !== 'string') return [`${place} is no string`]
      if (schema.format === 'date-time' && !TIME.test(value)) return [`${place} is no UTC time: ${value}`]
      return schema.pattern === undefined || new RegExp(schema.pattern).test(value) ? [] : [`${place} is ${value}`]
    case 'integer':
    case 'number': {
      const right = typeof value === 'number' && (schema.type === 'number' || Number.isInteger(value))
      const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
      return right && value >= minimum && value <= maximum ? [] : [`${place} is ${JSON.stringify(value)}`]
    }
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${place} is no boolean`]
    case 'null':
      return value === null ? [] : [`${place} is not null`]
    default:
      return []
  }
}

function objectFaults(schema: StrictSchema, value: Record<string, unknown>, place: string): string[] {
  const { properties = {}, required = [], patternProperties } = schema
  const entry = Object.values(patternProperties ?? {})[0]
  const missing = required.filter((name) => !(name in value)).map((name) => `${place}.${name} is missing`)
  const wrong = Object.entries(value).flatMap(([name, member]) => {
    const known = properties[name] ?? entry
    if (known !== undefined) return faultsOf(known, member, `${place}.${name}`)
    return schema.additionalProperties === true ? [] : [`${place}.${name} is not described`]
  })
  return [...missing, ...wrong]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
