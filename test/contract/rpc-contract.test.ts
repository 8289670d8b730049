/**
 * The contract, the method table, `/openrpc.json` and docs/rpc.md say the same. Where we depart from the contract on purpose, the line of the
 * difference stands here with its reason; anything else fails.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../src/base/errors.js'
import { openRpcDocument } from '../../src/rpc/describe.js'
import { METHODS, TOPICS } from '../../src/rpc/index.js'
import { namesOf } from '../../src/rpc/topics.js'
import { CONTRACT, type ContractMethod, type ContractParam } from '../support/contract.js'
import { differences, type JsonSchema, memberDifferences } from '../support/contract-types.js'
import { type RpcServer, startRpcServer } from '../support/rpc-server.js'

interface Described {
  readonly name: string
  readonly params: readonly { readonly name: string; readonly required: boolean; readonly schema: JsonSchema }[]
  readonly result: { readonly schema: JsonSchema }
  readonly errors: readonly { readonly code: number; readonly message: string }[]
  readonly 'x-role': string
}

interface OpenRpc {
  readonly methods: readonly Described[]
}

/** Methods beyond the contract. */
const OURS = ['get_camera_controls', 'set_camera_controls', 'reset_camera_controls', 'rpc.discover']

/** Differences on purpose: method → lines. */
const DEPARTURES: Readonly<Record<string, readonly string[]>> = {
  // Links are there while something can play them: one that is handed out works.
  get_camera_list: ['result.cameras[].streams.rtsp: not always there', 'result.cameras[].streams.hls: not always there'],
  get_camera_status: [
    ...['result.streams.rtsp: not always there', 'result.streams.hls: not always there'],
    // For admins who ask for it (§8).
    ...['debug: ours', 'result.debug: ours'],
  ],
  // The token may come by any of its three names; a legacy refusal is a result (§4.5).
  authenticate: ['auth_token: required is false in place of true', 'token: ours', 'api_key: ours', 'errors: -32602 ours'],
  // How a picture was made, where it was not simply taken (§14 allows it).
  take_snapshot: ['result.capture_method: ours', 'result.tier_used: ours', 'result.capture_time_ms: ours'],
  // The cause of a failure (issue 5).
  get_stream_status: ['result.error: ours'],
  // Numbers on request (reliability-security §1.1).
  subscribe_events: [
    ...['epoch: ours', 'since_seq: ours', 'topics: maxItems is 64 in place of undefined'],
    ...['result.epoch: ours', 'result.seq: ours', 'result.resync: ours', 'result.state: ours'],
  ],
  // A file that somebody downloads is not deleted.
  delete_snapshot: ['errors: -32020 ours'],
  // A stream that was added is neither found nor broken; the older edition has the word, too.
  discover_external_streams: ['discovered_streams', 'skydio_streams', 'generic_streams'].map(addedWord),
  get_external_streams: ['external_streams', 'skydio_streams', 'generic_streams'].map(addedWord),
  // Bounds of what is kept.
  add_external_stream: [
    'stream_url: minLength is 1 in place of undefined',
    'stream_url: maxLength is 2048 in place of undefined',
    'stream_name: minLength is 1 in place of undefined',
    'stream_name: maxLength is 128 in place of undefined',
  ],
  remove_external_stream: [
    'stream_url: minLength is 1 in place of undefined',
    'stream_url: maxLength is 2048 in place of undefined',
  ],
  list_recordings: [`offset: maximum is ${Number.MAX_SAFE_INTEGER} in place of undefined`],
  list_snapshots: [`offset: maximum is ${Number.MAX_SAFE_INTEGER} in place of undefined`],
  // A name of a file like all others (§7).
  start_recording: ['filename: minLength is 1 in place of undefined', 'filename: maxLength is 255 in place of undefined'],
}

function addedWord(list: string): string {
  return `result.${list}[].status: one of DISCOVERED|ADDED|ERROR in place of DISCOVERED|ERROR`
}

const document = JSON.parse(JSON.stringify(openRpcDocument(METHODS))) as OpenRpc
const described = new Map(document.methods.map((method) => [method.name, method]))

function get(name: string): Described {
  const found = described.get(name)
  if (found === undefined) throw new Error(`${name} is not described`)
  return found
}

describe('methods', () => {
  it('are those of the contract, its aliases, and ours', () => {
    const wanted = [...Object.keys(CONTRACT.methods), ...Object.keys(CONTRACT.aliases), ...OURS]
    expect(document.methods.map(({ name }) => name).sort()).toEqual(wanted.sort())
    expect(Object.keys(CONTRACT.methods).filter((name) => name !== 'get_recording_status')).toHaveLength(34)
  })

  it.each(Object.entries(CONTRACT.methods))('%s: role, parameters, result and errors', (name, wanted) => {
    expect(methodDifferences(wanted, get(name)).sort()).toEqual([...(DEPARTURES[name] ?? [])].sort())
  })

  it.each(Object.entries(CONTRACT.aliases))('%s is %s', (alias, name) => {
    expect({ ...get(alias), name: '', summary: '' }).toEqual({ ...get(name), name: '', summary: '' })
  })
})

describe('errors', () => {
  it.each(Object.entries(CONTRACT.errors))('%s has the message of the contract', (code, { message }) => {
    const texts = Object.values(CATALOGUE).flatMap(({ rpc, text }) => (rpc === Number(code) ? [text] : []))
    const things = ['Camera', 'Stream', 'Recording', 'Snapshot', 'External stream']
    const known = message.startsWith('<Thing>') ? things.map((thing) => message.replace('<Thing>', thing)) : [message]
    expect(new Set(texts)).toEqual(new Set(known))
  })

  it('are no others', () => {
    expect(new Set(Object.values(CATALOGUE).map(({ rpc }) => String(rpc)))).toEqual(new Set(Object.keys(CONTRACT.errors)))
  })
})

describe('topics', () => {
  it('are the 23 of the contract, and one of ours', () => {
    expect([...TOPICS].sort()).toEqual([...Object.keys(CONTRACT.topics), 'camera.control_changed'].sort())
    expect(Object.keys(CONTRACT.topics)).toHaveLength(23)
  })

  it.each(Object.entries(CONTRACT.topics))('%s has its aliases', (topic, { aliases = [] }) => {
    expect(namesOf(topic)).toEqual([topic, ...namesOf(topic).slice(1)])
    expect(namesOf(topic).slice(1).sort()).toEqual([...aliases].sort())
  })
})

describe('the description of the service', () => {
  let server: RpcServer

  beforeAll(async () => {
    server = await startRpcServer()
  })

  afterAll(() => server.stop())

  it('/openrpc.json is the method table', async () => {
    const response = await fetch(`http://127.0.0.1:${server.http.port}/openrpc.json`)
    expect(await response.json()).toEqual(document)
  })

  it('docs/rpc.md has role, parameters, errors and result of each method', () => {
    const text = readFileSync(join(import.meta.dirname, '../../docs/rpc.md'), 'utf8')
    const chapters = new Map(text.split('\n## ').map((chapter) => [chapter.slice(0, chapter.indexOf('\n')), chapter]))
    for (const method of document.methods) {
      const chapter = chapters.get(method.name) ?? ''
      const rows = [...chapter.matchAll(/^\| `(\w+)` \| (yes|no) \|/gm)].map(([, name, required]) => ({
        name,
        required: required === 'yes',
      }))
      expect(rows).toEqual(method.params.map(({ name, required }) => ({ name, required })))
      expect(chapter).toContain(`Role: ${method['x-role']}. Errors: `)
      const codes = [...(/Errors: (.*)\./.exec(chapter)?.[1] ?? '').matchAll(/-\d{5}/g)].map(([code]) => Number(code))
      expect(codes).toEqual(method.errors.map(({ code }) => code))
      expect(JSON.parse(/```json\n([\s\S]*?)```/.exec(chapter)?.[1] ?? 'null')).toEqual(method.result.schema)
    }
  })
})

function methodDifferences(wanted: ContractMethod, method: Described): string[] {
  const lines = method['x-role'] === wanted.role ? [] : [`role ${method['x-role']} in place of ${wanted.role}`]
  for (const [name, rule] of Object.entries(wanted.params)) {
    const own = method.params.find((param) => param.name === name)
    lines.push(...(own === undefined ? [`${name}: missing`] : paramDifferences(name, rule, own)))
  }
  for (const { name } of method.params) if (!(name in wanted.params)) lines.push(`${name}: ours`)
  lines.push(...resultDifferences(wanted, method.result.schema))
  const codes = new Set(method.errors.map(({ code }) => code))
  for (const code of wanted.errors) if (!codes.has(code)) lines.push(`errors: ${code} missing`)
  for (const code of codes) if (!wanted.errors.includes(code)) lines.push(`errors: ${code} ours`)
  return lines
}

function paramDifferences(name: string, rule: ContractParam, own: Described['params'][number]): string[] {
  const { schema, required } = own
  const pairs: [string, unknown, unknown][] = [
    ['required', required, rule.required],
    ['type', schema.type, rule.type],
    ['enum', schema.enum && [...schema.enum].sort().join(), rule.enum && [...rule.enum].sort().join()],
    ['default', JSON.stringify(schema.default), JSON.stringify(rule.default)],
    ['minimum', schema.minimum, rule.min],
    ['maximum', schema.maximum, rule.max],
    ['exclusiveMinimum', schema.exclusiveMinimum, rule.exclusiveMin],
    ['minLength', schema.minLength, rule.minLength],
    ['minItems', schema.minItems, rule.minItems],
    ['maxItems', schema.maxItems, undefined],
    // A device has a pattern in the contract, and the length follows from ours.
    ...(name === 'device' ? [] : ([['maxLength', schema.maxLength, rule.maxLength]] as [string, unknown, unknown][])),
  ]
  return pairs.flatMap(([what, given, asked]) => (given === asked ? [] : [`${name}: ${what} is ${given} in place of ${asked}`]))
}

function resultDifferences({ resultKind, result, optional = [] }: ContractMethod, schema: JsonSchema): string[] {
  if (typeof result === 'string') return schema.const === result ? [] : [`result: not ${result}`]
  if (resultKind === 'array') return differences('Entry[]', schema, { ...CONTRACT.types, Entry: result }, 'result')
  const [first, second] = schema.anyOf ?? [schema]
  // Null while there is nothing to tell; or the result of a legacy login that failed, which is the second.
  const own = resultKind === 'object-or-null' ? second : first
  return own === undefined ? ['result: missing'] : memberDifferences(result, optional, own, CONTRACT.types, 'result')
}
