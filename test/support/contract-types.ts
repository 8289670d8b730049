/** The contract's shorthand for types (`{a,b:string[]}`, `string(A|B)`, `map<device,Camera>`) against JSON Schema: what is different. */

export interface JsonSchema {
  readonly type?: string
  readonly enum?: readonly string[]
  readonly const?: unknown
  readonly format?: string
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly anyOf?: readonly JsonSchema[]
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
}

/** Named types are looked up in `types`; a member whose type ends with `?` may be missing. */
export type Members = Readonly<Record<string, string>>
export type Types = Readonly<Record<string, Members>>

const WORDS = /^[\w-]+(\|[\w-]+)*$/

/** One line per difference, each beginning with the place. */
export function differences(wanted: string, schema: JsonSchema, types: Types, place: string): string[] {
  const text = wanted.trim()
  if (text.endsWith('[]')) {
    if (schema.type !== 'array' || schema.items === undefined) return [`${place}: ${shown(schema)} in place of ${text}`]
    return differences(text.slice(0, -2), schema.items, types, `${place}[]`)
  }
  const named = types[text]
  if (named !== undefined) return memberDifferences(named, [], schema, types, place)
  const map = /^map<\w+,(.+)>$/.exec(text)?.[1]
  if (map !== undefined) {
    const entry = Object.values(schema.patternProperties ?? {})[0]
    return entry === undefined ? [`${place}: no map`] : differences(map, entry, types, `${place}{}`)
  }
  if (text.startsWith('{')) return memberDifferences(parseMembers(text), [], schema, types, place)
  return scalarDifferences(text, schema, place)
}

/** As `differences`, for the members of an object. */
export function memberDifferences(
  members: Members,
  optional: readonly string[],
  schema: JsonSchema,
  types: Types,
  place: string,
): string[] {
  const { properties = {}, required = [] } = schema
  const lines: string[] = []
  for (const [name, type] of Object.entries(members)) {
    const own = properties[name]
    const mayMiss = type.endsWith('?') || optional.includes(name)
    if (own === undefined) lines.push(`${place}.${name}: missing`)
    else {
      if (required.includes(name) === mayMiss) lines.push(`${place}.${name}: ${mayMiss ? 'always there' : 'not always there'}`)
      lines.push(...differences(type.replace(/\?$/, ''), own, types, `${place}.${name}`))
    }
  }
  for (const name of Object.keys(properties)) if (!(name in members)) lines.push(`${place}.${name}: ours`)
  return lines
}

/** `{a,b: string, c: integer[]}`: a name without a type has that of the next one. */
export function parseMembers(text: string): Members {
  const members: Record<string, string> = {}
  let waiting: string[] = []
  for (const part of splitOutside(text.slice(1, -1))) {
    const colon = part.indexOf(':')
    waiting.push((colon < 0 ? part : part.slice(0, colon)).trim())
    if (colon < 0) continue
    for (const name of waiting) members[name] = part.slice(colon + 1).trim()
    waiting = []
  }
  for (const name of waiting) members[name] = 'string'
  return members
}

function scalarDifferences(text: string, schema: JsonSchema, place: string): string[] {
  const [, type = '', note = ''] = /^(\w+)(?:\((.*)\))?$/.exec(text) ?? []
  const wrong = [`${place}: ${shown(schema)} in place of ${text}`]
  if (type === 'object') return schema.type === 'object' ? [] : wrong
  if (schema.type !== type) return wrong
  if (note === 'date-time') return schema.format === 'date-time' ? [] : wrong
  // `(WxH)`, `(bytes)`, `(base name, no extension)` are remarks; words between bars are all there are.
  const isSet = type === 'string' && WORDS.test(note) && (note.includes('|') || note === 'active')
  if (!isSet) return []
  const own = schema.enum ?? (schema.const === undefined ? [] : [String(schema.const)])
  return sameSet(own, note.split('|')) ? [] : [`${place}: one of ${own.join('|')} in place of ${note}`]
}

function sameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((entry) => others.includes(entry))
}

function splitOutside(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at <= text.length; at++) {
    const char = text[at]
    if (char !== undefined && '({<'.includes(char)) depth += 1
    else if (char !== undefined && ')}>'.includes(char)) depth -= 1
    if (at === text.length || (char === ',' && depth === 0)) {
      parts.push(text.slice(start, at))
      start = at + 1
    }
  }
  return parts
}

function shown(schema: JsonSchema): string {
  return schema.type ?? JSON.stringify(schema).slice(0, 40)
}
