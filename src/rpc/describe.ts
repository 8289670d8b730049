/** The method table told to others: an OpenRPC document, and the manual's text. Pure. */

import { CATALOGUE, type ErrorCode } from '../base/errors.js'
import type { Method } from './method.js'
import { choicesOf, ruleText } from './rule.js'
import type { TSchema } from './schema.js'
import { TOPICS } from './topics.js'

const API_VERSION = '1.0.0'
const COMMON_ERRORS: readonly ErrorCode[] = ['INTERNAL', 'RATE_LIMITED']
const LOGIN_ERRORS: readonly ErrorCode[] = ['AUTH_REQUIRED', 'PERMISSION_DENIED']

/** The OpenRPC document of `methods`, ready for JSON. */
export function openRpcDocument(methods: readonly Method[]): Record<string, unknown> {
  return {
    openrpc: '1.3.2',
    info: { title: 'MediaMTX Camera Service', version: API_VERSION },
    methods: methods.map((method) => ({
      name: method.name,
      summary: method.summary,
      paramStructure: 'by-name',
      params: Object.entries(method.params.properties).map(([name, schema]) => ({
        name,
        required: isRequired(method, name),
        schema: plainSchema(schema),
      })),
      result: { name: 'result', schema: plainSchema(method.result) },
      errors: errorsOf(method).map((code) => ({ code: CATALOGUE[code].rpc, message: CATALOGUE[code].text })),
      'x-role': method.role,
    })),
  }
}

/** The manual of the methods, as Markdown. */
export function manual(methods: readonly Method[]): string {
  return [
    '# JSON-RPC methods',
    '',
    'One request per WebSocket message on `/ws`: text frames hold JSON; with the subprotocol `msgpack`, binary frames hold MessagePack.',
    'Roles: viewer < operator < admin. Unknown parameters are ignored. A repeated `subscribe_events` replaces the one before.',
    '',
    ...methods.flatMap(manualOf),
    '## Topics',
    '',
    ...TOPICS.map((topic) => `- \`${topic}\``),
    '',
  ].join('\n')
}

function manualOf(method: Method): string[] {
  const params = Object.entries(method.params.properties).map(
    ([name, schema]) =>
      `| \`${name}\` | ${isRequired(method, name) ? 'yes' : 'no'} | ${cell(ruleText(schema))} | ${cell(schema.description ?? '')} |`,
  )
  const table = ['| parameter | required | rule | |', '|---|---|---|---|', ...params, '']
  const errors = errorsOf(method).map((code) => `${CATALOGUE[code].rpc} ${CATALOGUE[code].reason}`)
  return [
    `## ${method.name}`,
    '',
    method.summary,
    '',
    `Role: ${method.role}. Errors: ${errors.join(', ')}.`,
    '',
    ...(params.length === 0 ? [] : table),
    'Result:',
    '',
    '```json',
    JSON.stringify(plainSchema(method.result), null, 1),
    '```',
    '',
  ]
}

function isRequired(method: Method, name: string): boolean {
  return method.params.required?.includes(name) ?? false
}

function errorsOf(method: Method): readonly ErrorCode[] {
  const params: readonly ErrorCode[] = Object.keys(method.params.properties).length === 0 ? [] : ['INVALID_PARAMS']
  const login = method.role === 'none' ? [] : LOGIN_ERRORS
  const starting: readonly ErrorCode[] = method.role === 'none' || method.beforeReady ? [] : ['STARTING']
  return [...new Set([...login, ...starting, ...params, ...method.errors, ...COMMON_ERRORS])]
}

/** The schema as plain JSON Schema: closed sets as `enum`, without members of our own. */
function plainSchema(schema: TSchema): unknown {
  const choices = choicesOf(schema)
  if (choices !== undefined) return closedSet(schema)
  return JSON.parse(JSON.stringify(schema), (name, value: unknown) => {
    if (name === 'rule') return undefined
    return isSchema(value) ? closedSet(value) : value
  })
}

function isSchema(value: unknown): value is TSchema {
  return typeof value === 'object' && value !== null && 'anyOf' in value
}

function closedSet(schema: TSchema): unknown {
  const choices = choicesOf(schema)
  if (choices === undefined) return schema
  return { type: 'string', enum: choices, ...(schema.default !== undefined && { default: schema.default }) }
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
