import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createJsonCodec, parseRequest } from '../../../src/rpc/codec-json.js'
import { type Message, wantsReply } from '../../../src/rpc/message.js'

const codec = createJsonCodec(['ping', 'get_camera_status'])

/** By the codec's own way in, quick reader included. */
function decode(text: string): Message {
  return codec.decode(new Uint8Array(Buffer.from(text)).buffer)
}

function faultOf(text: string): number | undefined {
  return decode(text).fault?.value.code
}

describe('envelope (contract §3)', () => {
  it.each([
    ['a number', '7', '7'],
    ['a fraction, digits kept', '1.50', '1.50'],
    ['an exponent', '1e3', '1e3'],
    ['a number past 2^53, digits kept', '90071992547409931234', '90071992547409931234'],
    ['a number of 16 digits', '9007199254740993', '9007199254740993'],
    ['minus zero', '-0', '-0'],
    ['a string', '"q-7"', '"q-7"'],
    ['an empty string', '""', '""'],
    ['a string with an escape', '"a\\"b"', '"a\\"b"'],
    ['a string that is not ASCII', '"é"', '"é"'],
  ])('echoes the id: %s', (_what, id, echoed) => {
    const message = decode(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`)
    expect(message.fault).toBeUndefined()
    expect(codec.reply(message.id ?? 'none', 'pong')).toBe(`{"jsonrpc":"2.0","id":${echoed},"result":"pong"}`)
  })

  it.each(['{"jsonrpc":"2.0","method":"ping"}', '{"jsonrpc":"2.0","id":null,"method":"ping"}'])(
    'takes a message without id for a notification: %s',
    (text) => {
      const message = decode(text)
      expect(message).toMatchObject({ id: undefined, method: 'ping', fault: undefined })
      expect(wantsReply(message)).toBe(false)
    },
  )

  it.each([
    ['no JSON', '{"jsonrpc"'],
    ['nothing', ''],
    ['a scalar', '17'],
    ['null', 'null'],
    ['an empty batch', '[]'],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"ping"}]'],
    ['an id that is an object', '{"jsonrpc":"2.0","id":{},"method":"ping"}'],
    ['an id that is a boolean', '{"jsonrpc":"2.0","id":true,"method":"ping"}'],
    ['an id that is infinite', '{"jsonrpc":"2.0","id":1e999,"method":"ping"}'],
    ['an id with a leading zero', '{"jsonrpc":"2.0","id":01,"method":"ping"}'],
    ['an id of 257 bytes', `{"jsonrpc":"2.0","id":"${'x'.repeat(257)}","method":"ping"}`],
    ['an id of 300 digits', `{"jsonrpc":"2.0","id":0.${'1'.repeat(300)},"method":"ping"}`],
  ])('refuses, without an id: %s', (_what, text) => {
    const message = decode(text)
    expect(faultOf(text)).toBe(-32600)
    expect(message.id).toBeUndefined()
    expect(wantsReply(message)).toBe(true)
  })

  it.each([
    ['no version', '{"id":1,"method":"ping"}'],
    ['an old version', '{"jsonrpc":"1.0","id":1,"method":"ping"}'],
    ['a version that is a number', '{"jsonrpc":2.0,"id":1,"method":"ping"}'],
    ['no method', '{"jsonrpc":"2.0","id":1}'],
    ['an empty method', '{"jsonrpc":"2.0","id":1,"method":""}'],
    ['a method that is a number', '{"jsonrpc":"2.0","id":1,"method":5}'],
    ['positional params', '{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}'],
    ['scalar params', '{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}'],
    ['null params', '{"jsonrpc":"2.0","id":1,"method":"ping","params":null}'],
    [
      'too many members',
      `{"jsonrpc":"2.0","id":1,"method":"ping"${Array.from({ length: 64 }, (_, n) => `,"m${n}":0`).join('')}}`,
    ],
  ])('refuses, with the id: %s', (_what, text) => {
    expect(faultOf(text)).toBe(-32600)
    expect(decode(text).id).toBeDefined()
  })

  it('tells a wrong version by its own reason', () => {
    expect(decode('{"jsonrpc":"1.0","id":1,"method":"ping"}').fault?.value.data.reason).toBe('invalid_version')
  })

  it('bears white space and a trailing newline', () => {
    expect(decode(' { "jsonrpc" : "2.0" , "method" : "ping" , "id" : 1 , "params" : { } } \n')).toMatchObject({
      id: 1,
      method: 'ping',
    })
  })

  it.each([
    ['nesting', `{"a":${'['.repeat(17)}${']'.repeat(17)}}`],
    ['members', `{${Array.from({ length: 65 }, (_, n) => `"m${n}":0`).join()}}`],
    ['array length', `{"a":[${Array.from({ length: 1025 }, () => 0).join()}]}`],
  ])('leaves parameters beyond a limit to their turn: %s', (_what, params) => {
    const message = decode(`{"jsonrpc":"2.0","id":1,"method":"ping","params":${params}}`)
    expect(message.fault).toBeUndefined()
    expect(message.paramsFault?.value.data.reason).toBe('invalid_params')
  })

  it('takes parameters at the limits', () => {
    const params = `{"a":${'['.repeat(15)}${']'.repeat(15)},"b":[${Array.from({ length: 1024 }, () => 0).join()}]}`
    expect(decode(`{"jsonrpc":"2.0","id":1,"method":"ping","params":${params}}`).paramsFault).toBeUndefined()
  })
})

/** What both readers must agree on. */
function essence(message: Message) {
  const { id, method, params, fault, paramsFault } = message
  return { id: id === undefined ? undefined : `${id}`, method, params, fault: fault?.json, paramsFault: paramsFault?.json }
}

describe('the quick reader and the full parser', () => {
  const id = fc.oneof(
    fc.nat(),
    fc.double(),
    fc.string(),
    fc.constant(null),
    fc.integer(),
    fc.constantFrom('"', '\\', '\u0000', 'é'),
  )
  const params = fc.oneof(fc.constant({}), fc.constant({ device: 'camera0' }), fc.object(), fc.array(fc.nat()), fc.constant(null))
  const member = fc.oneof(
    fc.constantFrom('"jsonrpc":"2.0"', '"jsonrpc":"1.0"', '"jsonrpc" : "2.0"', '"method":"ping"', '"method":"get_camera_status"'),
    fc.constantFrom('"method":"other"', '"method":""', '"id":01', '"id":-1', '"id":1.0', '"\\u0069d":5', '"params":{"a":"}"}'),
    fc.constantFrom('"params":{"a":1,}', '"params":{]}', '"extra":{}', '"__proto__":1', '"id":"a b"', '"id":"\\n"'),
    id.map((value) => `"id":${JSON.stringify(value)}`),
    params.map((value) => `"params":${JSON.stringify(value)}`),
  )
  const space = fc.constantFrom('', '', ' ', '\n', '\t ')
  const envelope = fc
    .tuple(fc.array(member, { maxLength: 5 }), space, space, fc.constantFrom('}', '} ', '}\n', '}x', ''))
    .map(([members, before, between, end]) => `${before}{${members.join(`${between},${between}`)}${end}`)

  it('agree that a brace closed by a bracket is not JSON', () => {
    const text = '{"jsonrpc":"2.0","id":1,"method":"ping","params":{]}'
    expect(decode(text)).toMatchObject({ method: '', fault: { value: { data: { reason: 'invalid_request' } } } })
  })

  it('agree on every envelope', () => {
    fc.assert(
      fc.property(envelope, (text) => {
        expect(essence(decode(text))).toEqual(essence(parseRequest(text)))
      }),
      { numRuns: 3_000 },
    )
  })

  it('agree on any good request with one character changed', () => {
    const good = '{"jsonrpc":"2.0","id":12,"method":"get_camera_status","params":{"device":"camera0"}}'
    fc.assert(
      fc.property(
        fc.nat(good.length),
        fc.constantFrom('"', '{', '}', ',', ':', '0', '9', ' ', '\\', 'é', '\u0001', ''),
        (at, char) => {
          const text = good.slice(0, at) + char + good.slice(at + 1)
          expect(essence(decode(text))).toEqual(essence(parseRequest(text)))
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('never throw, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(wantsReply(codec.decode(new Uint8Array(bytes).buffer))).toBeTypeOf('boolean')
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('what is not even parsed (S-50)', () => {
  const codec = createJsonCodec(['ping'])
  const decode = (text: string) => codec.decode(new Uint8Array(Buffer.from(text)).buffer)
  const quickest = (text: string): number =>
    Math.min(
      ...Array.from({ length: 30 }, () => {
        const began = performance.now()
        decode(text)
        return performance.now() - began
      }),
    )

  it.each([
    ['brackets', '['.repeat(524_288) + ']'.repeat(524_288)],
    ['brackets in an object', `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(524_288)}`],
    ['braces', '{"a":'.repeat(150_000) + '1'.padEnd(150_000, '}')],
    ['a batch', `[${'{"jsonrpc":"2.0","id":1,"method":"ping"},'.repeat(25_000)}1]`],
  ])('a megabyte of %s is refused within a few milliseconds', (_what, text) => {
    expect(decode(text)).toMatchObject({ id: undefined, fault: { value: { data: { reason: 'invalid_request' } } } })
    expect(quickest(text)).toBeLessThan(10)
  })

  it('brackets in strings are no nesting, and 64 levels are parsed', () => {
    expect(
      decode(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":"${'[{'.repeat(1_000)}","b":"\\"["}}`).fault,
    ).toBeUndefined()
    const deep = `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(62)}${']'.repeat(62)}}}`
    expect(decode(deep)).toMatchObject({ id: 1, paramsFault: { value: { data: { reason: 'invalid_params' } } } })
  })
})
